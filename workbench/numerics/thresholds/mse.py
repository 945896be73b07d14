"""MSE: the threshold with the least squared error of clipping and rounding."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds.search import Search, nothing_to_search

METHOD = "mse"
LOSS = "mean squared error (real units squared)"
ROWS = 64  # candidates worked on at once: every temporary then stays in the L2 cache


def mse(histogram: Histogram, levels: int = 127) -> Search:
    """Choose the upper edge of a bin with the least expected squared error.

    With step D = T / levels, |x| goes to the nearest of 0, D, .. levels * D. The error is the
    integral over x of (x - nearest)^2, each bin's values being spread evenly over it. Summed by
    parts over the borders e_k = (k - 1/2) * D between the steps, it is

        sum x^2 - 2 D * sum_{k=1..levels} J(e_k),    J(e) = sum of (x - e) over all x > e

    and J is a quadratic inside each bin, so a candidate costs `levels` look-ups, whatever the
    number of bins. What lies above T belongs to the last step: clipping is in it.

    Args:
        histogram: the counts; exact zeros have no error but count in the mean.
        levels: steps from 0 to the threshold: 127 for 8 bits, 31 for 6.

    Returns:
        Candidates at the upper edge of every bin.
    """
    if not histogram.counts.any():
        return nothing_to_search(METHOD, LOSS)
    counts = histogram.counts / float(histogram.total)
    middle = np.arange(counts.size) + 0.5
    power = float((counts * (middle * middle + 1 / 12)).sum())
    gain = _gains(counts, levels)
    losses = np.maximum(power - gain, 0.0) * histogram.bin_width**2
    return Search(METHOD, histogram.edges[1:], losses, int(losses.argmin()), LOSS)


def _gains(counts: NDArray[np.float64], levels: int) -> NDArray[np.float64]:
    """2 D * sum_k J(e_k) for T = 1, 2, .. bins, everything in bins: float64 (bins,)."""
    count, excess = _tails(counts)
    bins, parts = _borders(counts.size, levels)
    sums = np.empty(counts.size)
    for first in range(0, counts.size, ROWS):
        rows = slice(first, first + ROWS)
        index, part = bins[rows], parts[rows]
        curve = counts.take(index) * (0.5 * part) - count.take(index)
        sums[rows] = (excess.take(index) + part * curve).sum(axis=1)
    return sums * (2.0 / levels) * np.arange(1, counts.size + 1)


def _tails(counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Above each bin's lower edge b: the sum of counts, and the sum of counts * (x - b)."""
    count = counts[::-1].cumsum()[::-1]
    excess = (count - 0.5 * counts)[::-1].cumsum()[::-1]
    return count, excess


@lru_cache(maxsize=4)
def _borders(bins: int, levels: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The bin of every border e_k and its place in the bin: (bins, levels) each, 4 MB for 2048."""
    twice = np.arange(1, bins + 1)[:, None] * (2 * np.arange(1, levels + 1) - 1)
    index = (twice // (2 * levels)).astype(np.intp)
    part = (twice % (2 * levels)) / (2.0 * levels)
    for table in (index, part):
        table.setflags(write=False)
    return index, part

"""Percentile: keep a given share of the values, clip the rest."""

from __future__ import annotations

import numpy as np

from workbench.errors import CalibrationError
from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds.search import Search, nothing_to_search, with_candidate

METHOD = "percentile"


def percentile(histogram: Histogram, percent: float = 99.99) -> Search:
    """Choose the threshold below which `percent` of all values lie.

    Exact zeros count as values here: behind a ReLU they may be most of the blob, and the kept
    share is meant of the whole blob. Inside a bin the values are taken as evenly spread. The
    threshold is never below the upper edge of the first bin that holds a value, so that a blob
    with very few nonzero values keeps a usable range.

    Args:
        histogram: the counts.
        percent: share to keep, in percent, above 0 and at most 100.

    Returns:
        Candidates at every bin's upper edge and the chosen one; the loss is the distance between
        the share that the candidate clips and 100 - percent (as a share, 0 to 1).

    Raises:
        CalibrationError: if `percent` is out of range.
    """
    if not 0 < percent <= 100:
        raise CalibrationError(
            f"a percentile of {percent} does not exist", advice="Give more than 0, at most 100."
        )
    loss_name = f"distance from {percent:g} % kept (share)"
    if not histogram.counts.any():
        return nothing_to_search(METHOD, loss_name)
    chosen = _position(histogram, percent / 100) * histogram.bin_width
    thresholds, best = with_candidate(histogram.edges[1:], chosen)
    losses = np.abs(histogram.clipped_shares(thresholds) - (1 - percent / 100))
    return Search(METHOD, thresholds, losses, best, loss_name)


def _position(histogram: Histogram, share: float) -> float:
    """Where `share` of all values lie below, in bins."""
    wanted = share * histogram.total
    reached = histogram.zeros + np.concatenate(([0.0], histogram.counts.cumsum()))
    first = int(np.flatnonzero(histogram.counts)[0])
    last = min(int(np.searchsorted(reached, wanted)), histogram.counts.size)
    if last <= first + 1:
        return first + 1.0
    return float(last - (reached[last] - wanted) / (reached[last] - reached[last - 1]))

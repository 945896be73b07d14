"""Fine counts over a range that is a power of two and doubles: no first pass is needed.

Bin i of n holds i * 2**exponent / n <= |x| < (i + 1) * 2**exponent / n. To scale a float32 by a
power of two is exact, and when the range doubles neighbouring bins are merged, which is exact
too: the same values give the same counts in whatever order they come.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from workbench.calibration.tally import finite_values
from workbench.numerics.histogram import BINS, Histogram, largest, sweep

FINE_BINS = 16 * BINS
"""So many that 8 to 16 of them make one of the bins over [0, absmax]."""

LOWEST = -100
"""Smallest exponent: below it 2**-exponent * FINE_BINS would leave float32's range."""


def exponent_of(absmax: float) -> int:
    """Return the smallest exponent with absmax < 2**exponent, but at least LOWEST."""
    return max(math.frexp(absmax)[1], LOWEST) if absmax else LOWEST


def factor_of(exponent: int, bins: int = FINE_BINS) -> np.float32:
    """Return what takes |x| to its bin's number."""
    return np.float32(math.ldexp(bins, -exponent))


def count_fine(
    values: NDArray[np.float32], exponent: int, bins: int = FINE_BINS
) -> tuple[NDArray[np.int64], int]:
    """Count |x|: bin = floor(|x| * 2**-exponent * bins).

    Args:
        values: float32 (n,), all |x| < 2**exponent.
        exponent: of the range, at least LOWEST.
        bins: number of bins, a power of two up to FINE_BINS.

    Returns:
        counts int64 (bins,) of the nonzero values, and the number of exact zeros.
    """
    factor = factor_of(exponent, bins)

    def place(magnitude: NDArray[np.float32]) -> None:
        np.multiply(magnitude, factor, out=magnitude)

    with np.errstate(under="ignore"):  # far below the range: bin 0 in any case
        return sweep(values, bins, place)


def widened(counts: NDArray[np.int64], doublings: int) -> NDArray[np.int64]:
    """Return the counts over a range 2**doublings times as wide, by merging neighbours."""
    merged = counts.reshape(-1, min(1 << min(doublings, 63), counts.size)).sum(axis=1)
    result = np.zeros_like(counts)
    result[: merged.size] = merged
    return result


def over_range(
    counts: NDArray[np.int64], exponent: int, absmax: float, bins: int = BINS
) -> NDArray[np.int64]:
    """Bring fine counts to equal bins over [0, absmax].

    A fine bin that a border cuts is split as if its values were spread evenly; the total is
    kept. So at each border the number of values below it is wrong by at most what one fine
    bin holds.

    Args:
        counts: int64 (n,), fine counts of values up to absmax.
        exponent: their range is 2**exponent.
        absmax: the largest |x|.
        bins: number of bins wanted.

    Returns:
        int64 (bins,).
    """
    if absmax == 0:
        return np.zeros(bins, np.int64)
    width = math.ldexp(1.0, exponent) / counts.size
    last = int(absmax / width)
    edges = np.append(np.arange(last + 1) * width, absmax)
    below = np.append(0, counts[: last + 1].cumsum())
    cuts = np.rint(np.interp(np.linspace(0.0, absmax, bins + 1), edges, below)).astype(np.int64)
    cuts[-1] = below[-1]
    result: NDArray[np.int64] = np.diff(cuts)
    return result


_NO_COUNTS = np.zeros(0, np.int64)
_NO_BINS = np.zeros(0, np.uint16)


@dataclass(frozen=True, eq=False)
class FineTally:
    """Running statistics of one blob, in one pass.

    Values of small blobs wait as bin numbers until there are many: counting them image by image
    would go over all bins for a few values.

    Attributes:
        absmax, nonfinite, blob_size, zeros: as in `Tally`.
        counts: int64 (bins,), finite values over [0, 2**exponent), zeros included; empty
            if none are counted yet.
        exponent: of the smallest power of two above absmax.
        waiting: uint16 (n,), bins of values that `counts` does not have yet.
    """

    absmax: float = 0.0
    nonfinite: int = 0
    blob_size: int = 0
    counts: NDArray[np.int64] = field(default_factory=lambda: _NO_COUNTS)
    zeros: int = 0
    exponent: int = LOWEST
    waiting: NDArray[np.uint16] = field(default_factory=lambda: _NO_BINS)

    @classmethod
    def of(cls, blob: NDArray[np.float32]) -> FineTally:
        """Count one image's blob (float32, any shape)."""
        finite = finite_values(blob)
        absmax = largest(finite)
        exponent = exponent_of(absmax)
        known = absmax, blob.size - finite.size, blob.size
        if finite.size > FINE_BINS:
            counts, zeros = count_fine(finite, exponent)
            counts[0] += zeros
            return cls(*known, counts, zeros, exponent)
        bins = (np.abs(finite) * factor_of(exponent)).astype(np.uint16)
        return cls(*known, _NO_COUNTS, finite.size - int(np.count_nonzero(finite)), exponent, bins)

    def __add__(self, later: FineTally) -> FineTally:
        """Take in what was counted of later images."""
        exponent = max(self.exponent, later.exponent)
        one, two = self._over(exponent), later._over(exponent)
        both = one.counts.size and two.counts.size
        total = FineTally(
            max(self.absmax, later.absmax),
            self.nonfinite + later.nonfinite,
            later.blob_size or self.blob_size,
            one.counts + two.counts if both else one.counts if one.counts.size else two.counts,
            self.zeros + later.zeros,
            exponent,
            np.concatenate((one.waiting, two.waiting)),
        )
        return total.settled if total.waiting.size > FINE_BINS else total

    @property
    def settled(self) -> FineTally:
        """The same with nothing waiting and all counts."""
        counts = np.bincount(self.waiting, minlength=FINE_BINS)
        if self.counts.size:
            counts += self.counts
        return replace(self, counts=counts, waiting=_NO_BINS)

    def _over(self, exponent: int) -> FineTally:
        doublings = exponent - self.exponent
        if not doublings:
            return self
        counts = widened(self.counts, doublings) if self.counts.size else self.counts
        return replace(self, counts=counts, waiting=self.waiting >> np.uint16(min(doublings, 15)))

    @property
    def histogram(self) -> Histogram:
        """The counts over [0, absmax]; see `over_range` for how far they may be off."""
        counts = self.settled.counts
        counts[0] -= self.zeros
        return Histogram(
            over_range(counts, self.exponent, self.absmax), self.absmax, self.zeros, self.blob_size
        )

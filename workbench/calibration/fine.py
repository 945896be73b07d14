"""Fine counts over a range that is a power of two and doubles: no first pass is needed.

Bin i of n holds i * 2**exponent / n <= |x| < (i + 1) * 2**exponent / n. To scale a float32 by a
power of two is exact, and when the range doubles neighbouring bins are merged, which is exact
too: the same values give the same counts in whatever order they come.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

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
    factor = np.float32(math.ldexp(bins, -exponent))

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


@dataclass(frozen=True, eq=False)
class FineTally:
    """Running statistics of one blob, in one pass.

    Attributes:
        absmax, nonfinite, blob_size, zeros: as in `Tally`.
        counts: int64 (bins,), nonzero finite values over [0, 2**exponent).
        exponent: of the smallest power of two above absmax.
    """

    absmax: float = 0.0
    nonfinite: int = 0
    blob_size: int = 0
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(FINE_BINS, np.int64))
    zeros: int = 0
    exponent: int = LOWEST

    @classmethod
    def of(cls, blob: NDArray[np.float32]) -> FineTally:
        """Count one image's blob (float32, any shape)."""
        finite = finite_values(blob)
        absmax = largest(finite)
        exponent = exponent_of(absmax)
        counts, zeros = count_fine(finite, exponent)
        return cls(absmax, blob.size - finite.size, blob.size, counts, zeros, exponent)

    def __add__(self, later: FineTally) -> FineTally:
        """Take in what was counted of later images."""
        exponent = max(self.exponent, later.exponent)
        return FineTally(
            max(self.absmax, later.absmax),
            self.nonfinite + later.nonfinite,
            later.blob_size or self.blob_size,
            self._over(exponent) + later._over(exponent),
            self.zeros + later.zeros,
            exponent,
        )

    def _over(self, exponent: int) -> NDArray[np.int64]:
        doublings = exponent - self.exponent
        return widened(self.counts, doublings) if doublings else self.counts

    @property
    def histogram(self) -> Histogram:
        """The counts over [0, absmax]; see `over_range` for how far they may be off."""
        counts = over_range(self.counts, self.exponent, self.absmax)
        return Histogram(counts, self.absmax, self.zeros, self.blob_size)

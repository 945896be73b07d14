"""Fine counts over a range that is a power of four and grows: no first pass is needed.

Bin k of n holds (k/n)^2 * 2^E <= |x| < ((k+1)/n)^2 * 2^E, E even: equal steps of the root, so
that bins are narrow where values crowd. To scale a float32 by a power of two is exact, and a
range four times as wide merges neighbouring bins, which is exact too: the same values give the
same counts in whatever order they come.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.calibration.tally import finite_values
from workbench.numerics import compiled
from workbench.numerics.histogram import BINS, BLOCK, Histogram

if TYPE_CHECKING:
    from workbench.numerics.loops import RootCounter

FINE_BINS = 1 << 18
"""So many that 32 to 64 of them make the last of 2048 bins over [0, absmax], 64 to 128 the bin
at a quarter of it, and so on. What a border cuts is then about a tenth of the chance by which a
bin's count differs from one set of images to another."""

LOWEST = -100
"""Smallest exponent: all that is smaller shares its first bins."""

Counts = NDArray[Any]  # uint32, or int64 when there are very many values
_NONE = np.zeros(0, np.uint32)
_MOST_UINT32 = 2**32 - 1


def exponent_of(absmax: float) -> int:
    """Return the smallest even exponent with absmax < 2**exponent, but at least LOWEST."""
    exponent = math.frexp(absmax)[1] if absmax else LOWEST
    return max(exponent + exponent % 2, LOWEST)


def fine_bins(
    values: NDArray[np.float32], exponent: int, bins: int = FINE_BINS
) -> NDArray[np.int32]:
    """Return floor(sqrt(|x| * 2**-exponent) * bins) in float32 for float32 values below it."""
    with np.errstate(under="ignore"):  # far below the range: bin 0 in any case
        roots = np.abs(values) * np.float32(math.ldexp(1.0, -exponent))
    np.sqrt(roots, out=roots)
    roots *= np.float32(bins)
    return roots.astype(np.int32)


def widened(counts: Counts, steps: int) -> Counts:
    """Return the counts over a range 4**steps times as wide, by merging neighbours."""
    for _ in range(steps):
        if counts.size < 2:
            break
        even = counts if counts.size % 2 == 0 else np.append(counts, counts.dtype.type(0))
        counts = even[::2] + even[1::2]
    return counts


def over_range(
    counts: Counts, exponent: int, absmax: float, bins: int = BINS, fine: int = FINE_BINS
) -> NDArray[np.int64]:
    """Bring fine counts to equal bins over [0, absmax].

    A fine bin that a border cuts is split as if its values were spread evenly; the total is
    kept. So at each border the number of values below it is wrong by at most what one fine
    bin holds.

    Args:
        counts: integers (n,), n up to `fine`, of values up to absmax.
        exponent: the range of all `fine` bins is 2**exponent.
        absmax: the largest |x|.
        bins: number of bins wanted.
        fine: number of fine bins of the whole range.

    Returns:
        int64 (bins,).
    """
    if absmax == 0 or not counts.size:
        return np.zeros(bins, np.int64)
    below = np.append(0, counts.cumsum(dtype=np.int64))
    borders = np.ldexp(np.linspace(0.0, absmax, bins + 1), -exponent)
    cut = np.minimum((np.sqrt(borders) * fine).astype(np.int64), counts.size - 1)
    low, high = (cut / fine) ** 2, np.minimum(((cut + 1) / fine) ** 2, borders[-1])
    share = np.clip((borders - low) / np.where(high > low, high - low, 1), 0, 1)
    cuts = below[cut] + np.rint(share * (below[cut + 1] - below[cut])).astype(np.int64)
    cuts[-1] = below[-1]
    result: NDArray[np.int64] = np.diff(cuts)
    return result


@dataclass(frozen=True, eq=False)
class FineTally:
    """What is known of one blob, in one pass.

    Attributes:
        absmax, nonfinite, blob_size, zeros: as in `Tally`.
        counts: uint32, or int64 when there are very many values, (n,): nonzero finite values
            over [0, 2**exponent), up to the bin of absmax; empty if there are none.
        exponent: of the smallest power of four above absmax.
    """

    absmax: float = 0.0
    nonfinite: int = 0
    blob_size: int = 0
    counts: Counts = field(default_factory=lambda: _NONE)
    zeros: int = 0
    exponent: int = LOWEST

    def __add__(self, later: FineTally) -> FineTally:
        """Take in what was counted of later images."""
        exponent = max(self.exponent, later.exponent)
        one, two = (widened(t.counts, (exponent - t.exponent) // 2) for t in (self, later))
        return FineTally(
            max(self.absmax, later.absmax),
            self.nonfinite + later.nonfinite,
            later.blob_size or self.blob_size,
            _sum(one, two),
            self.zeros + later.zeros,
            exponent,
        )

    @property
    def histogram(self) -> Histogram:
        """The counts over [0, absmax]; see `over_range` for how far they may be off."""
        counts = over_range(self.counts, self.exponent, self.absmax)
        return Histogram(counts, self.absmax, self.zeros, self.blob_size)


def _sum(one: Counts, two: Counts) -> Counts:
    short, long = sorted((one, two), key=len)
    if not short.size:
        return long
    most = int(short.max()) + int(long.max())
    total: Counts = np.array(long, np.uint32 if most <= _MOST_UINT32 else np.int64)
    total[: short.size] += short
    return total


class FineCounter:
    """Counts one blob of image after image, in place.

    Without compiled loops values wait as bin numbers until there are many, for NumPy would go
    over all bins for a few values.
    """

    def __init__(self) -> None:
        self._absmax, self._exponent = 0.0, LOWEST
        self._nonfinite = self._blob_size = 0
        self._table = np.zeros(FINE_BINS + compiled.SPARE, np.uint32)
        self._low = np.zeros(self._table.size, np.uint8)  # to be added to the table
        self._loops: RootCounter | None = None
        self._waiting: list[NDArray[np.int32]] = []

    def add(self, blob: NDArray[np.float32]) -> None:
        """Count one image's blob (float32, any shape)."""
        left = np.ascontiguousarray(blob).reshape(-1)
        self._blob_size = left.size or self._blob_size
        if not self._loops and (loops := compiled.loops()):
            self._loops = loops.RootCounter(self._low, self._table)
            self._loops.reach(self._exponent)
        done = self._count(left)
        while done < left.size:
            finite, absmax = finite_values(left[done:])
            self._nonfinite += left.size - done - finite.size
            self._reach(absmax)
            if not self._loops:
                return self._wait(finite)
            left, done = finite, self._count(finite)

    def _count(self, values: NDArray[np.float32]) -> int:
        """Count values up to the first block that goes beyond the range; return how many."""
        if not self._loops:
            return 0
        counted, absmax = self._loops.count(values)
        self._absmax = max(self._absmax, absmax)
        return counted

    def _reach(self, absmax: float) -> None:
        """Have bins up to absmax."""
        if absmax <= self._absmax:
            return
        exponent = exponent_of(absmax)
        if self._absmax and exponent > self._exponent:
            self._widen((exponent - self._exponent) // 2)
        self._absmax, self._exponent = absmax, exponent
        if self._loops:
            self._loops.reach(exponent)

    def _wait(self, values: NDArray[np.float32]) -> None:
        for start in range(0, values.size, BLOCK):
            block = values[start : start + BLOCK]
            bins = fine_bins(block, self._exponent)
            bins[block == 0] = FINE_BINS
            self._waiting.append(bins)
        if sum(map(len, self._waiting)) > FINE_BINS:
            self._settle()

    def _settle(self) -> None:
        if self._waiting:
            bins = np.concatenate(self._waiting)
            self._table += np.bincount(bins, minlength=self._table.size).astype(np.uint32)
            self._waiting.clear()

    def _widen(self, steps: int) -> None:
        self._settle()
        self._table += self._low
        merged = widened(self._table[:FINE_BINS], steps)
        self._table[:FINE_BINS] = 0
        self._table[: merged.size] = merged
        self._low[:] = 0

    def finish(self) -> FineTally:
        """Hand over all that was counted, and the table with it: nothing can be added any more."""
        self._settle()
        last = int(fine_bins(np.array([self._absmax], np.float32), self._exponent)[0])
        used = last + 1 if self._absmax else 0
        table = self._table
        table += self._low
        self._loops = None
        del self._table
        return FineTally(
            self._absmax,
            self._nonfinite,
            self._blob_size,
            table[:used],
            int(table[FINE_BINS:].sum(dtype=np.uint32)),
            self._exponent,
        )

"""Frozen counts of a blob's absolute values: what every threshold search looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.numerics import compiled

BINS = 2048

BLOCK = 1 << 16
"""Elements swept at a time, so that the temporaries stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of |x| in equal bins over [0, absmax]; exact zeros are counted apart.

    Attributes:
        counts: int64 (bins,), how many values fell into each bin; read-only.
        absmax: the largest |x| seen (real units), a float32 value; 0.0 if all were zero.
        zeros: how many values were exactly zero (they lie in no bin).
        blob_size: elements of the blob in one image, which ACIQ needs; 0 if unknown.
    """

    counts: NDArray[np.int64]
    absmax: float
    zeros: int = 0
    blob_size: int = 0

    def __post_init__(self) -> None:
        counts = np.array(self.counts, dtype=np.int64)
        counts.setflags(write=False)
        object.__setattr__(self, "counts", counts)
        object.__setattr__(self, "absmax", float(np.float32(self.absmax)))

    @classmethod
    def of(
        cls, values: NDArray[np.float32], absmax: float | None = None, bins: int = BINS
    ) -> Histogram:
        """Count the finite elements of `values` (float32, any shape) as one image's blob.

        `absmax` defaults to the largest |x|; larger values than it fall into the last bin.
        """
        flat = np.asarray(values, dtype=np.float32).ravel()
        flat = flat[np.isfinite(flat)]
        limit = largest(flat) if absmax is None else absmax
        counts, zeros = count(flat, limit, bins)
        return cls(counts, limit, zeros, blob_size=flat.size)

    def __add__(self, other: Histogram) -> Histogram:
        """Merge two histograms of the same range: exact in any order."""
        if self.absmax != other.absmax or self.counts.size != other.counts.size:
            raise ValueError("only histograms over the same bins can be added")
        return Histogram(
            self.counts + other.counts,
            self.absmax,
            self.zeros + other.zeros,
            other.blob_size or self.blob_size,
        )

    @property
    def bin_width(self) -> float:
        """Width of one bin in real units."""
        return self.absmax / self.counts.size

    @property
    def total(self) -> int:
        """How many values were counted, zeros included."""
        return int(self.counts.sum()) + self.zeros

    @property
    def edges(self) -> NDArray[np.float64]:
        """float64 (bins + 1,): borders of the bins in real units."""
        return np.linspace(0.0, self.absmax, self.counts.size + 1)

    def clipped_share(self, threshold: float) -> float:
        """Share of all values (zeros included) whose |x| lies above `threshold` (real units)."""
        return float(self.clipped_shares(np.array([threshold]))[0])

    def clipped_shares(self, thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
        """`clipped_share` of many thresholds: float64 (n,). A bin's values are evenly spread."""
        if not self.counts.any():
            return np.zeros(thresholds.shape)
        above = np.concatenate((self.counts[::-1].cumsum()[::-1], [0.0]))
        return np.interp(thresholds, self.edges, above) / self.total


def largest(values: NDArray[np.float32]) -> float:
    """Return the largest |x|; 0.0 of none, and not a finite number if any is not."""
    if (loops := compiled.loops()) and values.flags.c_contiguous:
        return float(loops.largest(values.reshape(-1)))
    return float(max(values.max(initial=0.0), -values.min(initial=0.0)))


def count(
    values: NDArray[np.float32], absmax: float, bins: int = BINS
) -> tuple[NDArray[np.int64], int]:
    """Count |x| as ncnn does: bin = min(int(f32(f32(|x| / absmax) * bins)), bins - 1).

    Args:
        values: float32 (n,), finite.
        absmax: range of the bins in real units.
        bins: number of bins.

    Returns:
        counts int64 (bins,) of the nonzero values, and the number of exact zeros.

    Source: Tencent/ncnn, tools/quantize/ncnn2table.cpp, QuantNet::quantize_KL.
    """
    limit = np.float32(absmax)
    if limit == 0:
        return np.zeros(bins, np.int64), int(values.size)
    if (loops := compiled.loops()) is None:
        return _count_by_numpy(values, limit, bins)
    table = np.zeros(bins * compiled.LANES + compiled.SPARE, np.uint32)
    loops.count_equal(np.ascontiguousarray(values), limit, bins, table)
    counts = table[: -compiled.SPARE].reshape(bins, -1).sum(axis=1, dtype=np.int64)
    return counts, int(table[-compiled.SPARE :].sum())


def _count_by_numpy(
    values: NDArray[np.float32], limit: np.float32, bins: int
) -> tuple[NDArray[np.int64], int]:
    counts, zeros = np.zeros(bins, np.int64), 0
    for start in range(0, values.size, BLOCK):
        magnitude = np.abs(values[start : start + BLOCK])
        zeros += magnitude.size - int(np.count_nonzero(magnitude))
        with np.errstate(over="ignore"):  # far above a tiny limit: infinite, then the last bin
            magnitude /= limit
            magnitude *= np.float32(bins)
        np.minimum(magnitude, np.float32(bins - 1), out=magnitude)
        counts += np.bincount(magnitude.astype(np.intp), minlength=bins)
    counts[0] -= zeros
    return counts, zeros

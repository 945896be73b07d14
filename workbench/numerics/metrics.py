"""How far a quantized blob is from the float one. Everything is summed in float64.

All figures come of a few sums, which one pass over both blobs gathers. Each function takes the
float blob first and the quantized one (in real units) second, of any dtype and one shape. The
figure of a set of images is the mean of the figures of its images.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.errors import InputError
from workbench.numerics import compiled
from workbench.numerics.intermediate_sums import LANES, SUMS

Blob = NDArray[Any]

BLOCK = 128 * LANES
"""Elements of a block: its copies in float64 stay in a cache."""


@dataclass(frozen=True)
class Sums:
    """Sums over the elements a of the reference and b of the result.

    Attributes:
        size: number of elements.
        signal: sum of a^2.
        result: sum of b^2.
        product: sum of a b.
        noise: sum of (a - b)^2.
        distance: sum of |a - b|.
        known: number of elements where a is not zero.
        ratios: sum of |a - b| / |a| over those.
        small: number of ratios that are at most 1.
        small_ratios: sum of those.
    """

    size: int
    signal: float
    result: float
    product: float
    noise: float
    distance: float
    known: int
    ratios: float
    small: int
    small_ratios: float

    @classmethod
    def of(cls, reference: Blob, result: Blob) -> Sums:
        """Gather the sums, block by block; raise InputError if the shapes differ."""
        if np.shape(reference) != np.shape(result):
            raise InputError(
                f"a blob of shape {np.shape(result)} cannot be compared with one of shape "
                f"{np.shape(reference)}"
            )
        a, b = np.ravel(reference), np.ravel(result)
        totals = np.zeros((SUMS, LANES))
        for parts in zip(compiled.whole(a, LANES), compiled.whole(b, LANES), strict=True):
            _add(*parts, totals)
        return cls(a.size, *totals.sum(axis=1).tolist())

    @property
    def cosine(self) -> float:
        """See `cosine`."""
        lengths = math.sqrt(self.signal) * math.sqrt(self.result)
        if lengths == 0:
            return float(self.signal == self.result)
        if self.distance == 0:
            return 1.0
        return min(max(self.product / lengths, -1.0), 1.0)

    @property
    def angle_degrees(self) -> float:
        """See `angle_degrees`."""
        return math.degrees(math.acos(self.cosine))

    @property
    def mae(self) -> float:
        """See `mae`."""
        return self.distance / self.size if self.size else 0.0

    @property
    def mre(self) -> float:
        """See `mre`."""
        if self.known:
            return self.ratios / self.known
        return math.inf if self.result else 0.0

    @property
    def mre_filtered(self) -> float:
        """See `mre_filtered`."""
        if self.small:
            return self.small_ratios / self.small
        return 1.0 if self.result or self.known else 0.0

    @property
    def sqnr_db(self) -> float:
        """See `sqnr`."""
        return decibels(self.signal, self.noise)


def cosine(reference: Blob, result: Blob) -> float:
    """a . b / (|a| |b|), in [-1, 1]; 1 if both are zero everywhere, 0 if only one is."""
    return Sums.of(reference, result).cosine


def angle_degrees(reference: Blob, result: Blob) -> float:
    """degrees(arccos(cosine)): 0 for the same direction, 90 if just one is zero everywhere."""
    return Sums.of(reference, result).angle_degrees


def mae(reference: Blob, result: Blob) -> float:
    """Mean absolute error, mean |a - b|; 0 for empty blobs."""
    return Sums.of(reference, result).mae


def mre(reference: Blob, result: Blob) -> float:
    """Mean relative error, mean(|a - b| / |a|), over the elements where a is not zero.

    Where the reference is zero everywhere: 0 if the result is too, else infinite.
    """
    return Sums.of(reference, result).mre


def mre_filtered(reference: Blob, result: Blob) -> float:
    """`mre` without the elements whose ratio exceeds 1; 1 if that leaves none of them."""
    return Sums.of(reference, result).mre_filtered


def sqnr(reference: Blob, result: Blob) -> float:
    """Signal to quantization noise in dB: 10 log10(sum a^2 / sum (a - b)^2)."""
    return Sums.of(reference, result).sqnr_db


def decibels(signal: float, noise: float) -> float:
    """10 log10(signal / noise): infinite without noise, minus infinite with noise alone."""
    if noise == 0:
        return math.inf
    if signal == 0:
        return -math.inf
    return 10 * (math.log10(signal) - math.log10(noise))


def mean_decibels(figures: ArrayLike) -> float:
    """Mean of several SQNR in dB, n > 0: that of the mean share of noise in the signal.

    So an exact result, of infinite SQNR, counts as one without noise and hides no other. Minus
    infinity, noise where there is no signal, has no share and counts only if all are so.
    """
    known = np.asarray(figures, np.float64)
    known = known[known > -math.inf]
    if not known.size:
        return -math.inf
    share = float(np.mean(10 ** (-known / 10)))
    return -10 * math.log10(share) if share else math.inf


def _add(a: Blob, b: Blob, totals: NDArray[np.float64]) -> None:
    """Add the sums of values (n,) to those (SUMS, LANES) in place; n is a multiple of LANES."""
    loops, single = compiled.loops(), a.dtype == b.dtype == np.float32
    if loops and single and a.flags.c_contiguous and b.flags.c_contiguous:
        loops.add_sums(a, b, totals)
        return
    for start in range(0, a.size, BLOCK):
        block = slice(start, start + BLOCK)
        _add_block(a[block].astype(np.float64), b[block].astype(np.float64), totals)


def _add_block(a: NDArray[np.float64], b: NDArray[np.float64], totals: NDArray[np.float64]) -> None:
    """The clear form of the compiled loop, which gives the same bits."""
    error, size = a - b, np.abs(a)
    distance, known = np.abs(error), size != 0
    ratio = np.where(known, distance, 0) / (size + ~known)
    small = known & (ratio <= 1)
    columns = (
        *(a * a, b * b, a * b, error * error, distance),
        *(known, ratio, small, np.where(small, ratio, 0)),
    )
    for total, column in zip(totals, columns, strict=True):
        rows = column.reshape(-1, LANES).astype(np.float64, copy=False)
        rows[0] += total  # first, as the loop adds
        total[:] = rows.sum(axis=0)

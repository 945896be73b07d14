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
from numpy.typing import NDArray

from workbench.errors import InputError

Blob = NDArray[Any]

BLOCK = 1 << 13
"""Elements of a block: its copies in float64 stay in a cache, and its products on one core. (From
10,000 elements on OpenBLAS shares a product out, and waits when the other cores are busy.)"""


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
        blocks = (slice(start, start + BLOCK) for start in range(0, a.size, BLOCK))
        parts = [_sums(a[block], b[block]) for block in blocks]
        totals = (sum(column) for column in zip(*parts, strict=True)) if parts else [0] * 9
        return cls(a.size, *totals)

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


def _sums(reference: Blob, result: Blob) -> tuple[float, ...]:
    """The sums of one block, without its size. The arrays are its own, and are used again."""
    a, b = reference.astype(np.float64), result.astype(np.float64)
    signal, square, product = float(a @ a), float(b @ b), float(a @ b)
    error = np.subtract(a, b, out=b)
    noise = float(error @ error)
    np.abs(error, out=error)
    distance = float(error.sum())
    # a ratio is to be 0 / 1 where a is zero: arithmetic is quicker here than a mask
    known, size = a != 0, np.abs(a, out=a)
    size += ~known
    error *= known
    ratios = np.divide(error, size, out=error)
    ratio_sum, zeros = float(ratios.sum()), a.size - int(np.count_nonzero(known))
    np.fmin(ratios, 2, out=ratios)  # so that what is left out is finite
    small = ratios <= 1
    counted = int(np.count_nonzero(small)) - zeros
    small_sum = float(ratios @ small)
    return (
        *(signal, square, product, noise, distance),
        *(a.size - zeros, ratio_sum, counted, small_sum),
    )

"""RUNTIME: integer sums times a prepared multiplier. Integers in, integers out.

`sums` are int32; products are formed in int64. `axis` is the axis of the sums along which the
multipliers of the channels lie. A result beyond int32 is saturated.

Sources: google/gemmlowp, fixedpoint/fixedpoint.h, SaturatingRoundingDoublingHighMul and
RoundingDivideByPOT; google/XNNPACK, src/xnnpack/requantization.h.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.fixed_point.prepare import Multiplier8, Multiplier31

Ints = NDArray[Any]

_LOW, _HIGH = -(1 << 31), (1 << 31) - 1


@dataclass
class OverflowCounter:
    """Looks at numbers that an int32 register would hold, and counts those that do not fit.

    Attributes:
        wraps: whether they are reduced modulo 2^32 as such a register does (the fork). If not,
            they are carried in 64 bits, and the result is that of exact arithmetic.
        overflows: how many did not fit so far.
        total: how many were looked at.
    """

    wraps: bool = False
    overflows: int = 0
    total: int = 0

    def hold(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Count, and wrap if that is wanted: int64 in and out, any shape."""
        beyond = int(np.count_nonzero((x < _LOW) | (x > _HIGH)))
        self.total += x.size
        self.overflows += beyond
        return x.astype(np.int32).astype(np.int64) if beyond and self.wraps else x


def to_int32(x: Ints) -> NDArray[np.int32]:
    """Saturate integers to int32."""
    result: NDArray[np.int32] = x.clip(_LOW, _HIGH).astype(np.int32)
    return result


def floor_shift(
    sums: Ints, multiplier: Multiplier8, axis: int = 0, counter: OverflowCounter | None = None
) -> NDArray[np.int32]:
    """sum * E >> F: the shift of the document, which rounds down.

    -1 < result - sum * E / 2^F <= 0, so the result is on average half a level too small;
    |result - sum * r| < 1 + |sum| / 2^(F+1), where the product does not wrap.

    Args:
        sums: int32, any shape.
        multiplier: of one or of every channel.
        axis: of the channels.
        counter: of products that leave int32 (and of what a shift to the left pushes out).
    """
    product = _hold(sums.astype(np.int64) * _along(multiplier.e, sums, axis), counter)
    return to_int32(_shift(product, np.int64(multiplier.f), counter))


def rounded_shift(
    sums: Ints, multiplier: Multiplier8, axis: int = 0, counter: OverflowCounter | None = None
) -> NDArray[np.int32]:
    """(sum * E + 2^(F-1)) >> F: to the nearest, a half upwards.

    |result - sum * E / 2^F| <= 1/2; |result - sum * r| <= 1/2 + |sum| / 2^(F+1).

    Arguments as `floor_shift`; the counter sees the product before the half is added.
    """
    product = _hold(sums.astype(np.int64) * _along(multiplier.e, sums, axis), counter)
    # a product is below 2^57: with F at 62 already, only the half is left, and that becomes 0
    right = min(multiplier.f, 62)
    half = 1 << (right - 1) if right > 0 else 0
    return to_int32(_shift(product + half, np.int64(right), counter))


def one_rounding(
    sums: Ints, multiplier: Multiplier31, axis: int = 0, counter: OverflowCounter | None = None
) -> NDArray[np.int32]:
    """(int64 sum * M0 + 2^(30+n)) >> (31+n): to the nearest, a half upwards, in 64 bits.

    |result - sum * M| <= 1/2 with the multiplier's own M; |result - sum * r| <= 1/2 +
    2^-31 |sum * r|, for an int8 result 1/2 + 2^-24.

    Arguments as `floor_shift`; the counter sees the result before it is saturated.
    """
    # from n = 32 on, |sum * M| < 1/2
    right = (31 + _along(multiplier.shift, sums, axis)).clip(None, 63)
    half = np.where(right > 0, np.int64(1) << (right - 1).clip(0), np.int64(0))
    product = sums.astype(np.int64) * _along(multiplier.m0, sums, axis)
    return to_int32(_hold(_shift(product + half, right, None), counter))


def two_roundings(
    sums: Ints, multiplier: Multiplier31, axis: int = 0, counter: OverflowCounter | None = None
) -> NDArray[np.int32]:
    """gemmlowp: `doubling_high_mul` by M0, then `rounding_divide` by 2^n; 32-bit registers.

    |result - sum * M| <= 1/2 + 2^-(n+1) for n >= 1, and <= 1/2 for n <= 0, while sum * 2^-n
    fits in int32: for n < 0 the sum is shifted to the left first, and saturated.

    Arguments as `floor_shift`; the counter sees sums shifted to the left.
    """
    n = _along(multiplier.shift, sums, axis)
    wide = sums.astype(np.int64)
    if (n < 0).any():
        wide = _hold(_shift(wide, n.clip(None, 0), None), counter)
    high = doubling_high_mul(to_int32(wide), _along(multiplier.m0, sums, axis))
    return rounding_divide(high, n.clip(0))


def doubling_high_mul(a: Ints, b: Ints) -> NDArray[np.int32]:
    """round(a * b / 2^31), a half upwards, saturated: -2^31 * -2^31 gives 2^31 - 1.

    Args:
        a: int32, any shape.
        b: int32, broadcast against `a`.

    Source: google/gemmlowp, fixedpoint/fixedpoint.h, SaturatingRoundingDoublingHighMul.
    """
    product = a.astype(np.int64) * b.astype(np.int64)
    return to_int32((product + (1 << 30)) >> 31)


def rounding_divide(x: Ints, exponent: Ints | int) -> NDArray[np.int32]:
    """round(x / 2^exponent), a half away from zero.

    Args:
        x: int32 (or an int64 below 2^62), any shape.
        exponent: integers >= 0, broadcast against `x`.

    Source: google/gemmlowp, fixedpoint/fixedpoint.h, RoundingDivideByPOT.
    """
    wide = x.astype(np.int64)
    places = np.asarray(np.minimum(exponent, 40), np.int64)  # from 33 on everything becomes 0
    half = (np.int64(1) << places) >> 1
    return to_int32(np.where(wide < 0, -((half - wide) >> places), (wide + half) >> places))


def _along(values: Ints, sums: Ints, axis: int) -> NDArray[np.int64]:
    """Lay the numbers of the channels along an axis of the sums."""
    wide = values.astype(np.int64)
    if values.size == 1:
        return wide.reshape(())
    shape = [1] * sums.ndim
    shape[axis] = values.size
    return wide.reshape(shape)


def _hold(x: NDArray[np.int64], counter: OverflowCounter | None) -> NDArray[np.int64]:
    return x if counter is None else counter.hold(x)


def _shift(
    x: NDArray[np.int64], right: NDArray[np.int64] | np.int64, counter: OverflowCounter | None
) -> NDArray[np.int64]:
    """Shift to the right (floor), or to the left where `right` is negative."""
    down: NDArray[np.int64] = np.right_shift(x, np.clip(right, 0, 63))
    if np.all(right >= 0):
        return down
    # what is beyond int32 stays beyond it, and 2^31 * 2^31 still fits in int64
    up: NDArray[np.int64] = np.left_shift(x.clip(-(1 << 31), 1 << 31), np.clip(-right, 0, 31))
    return np.where(right >= 0, down, _hold(up, counter))

"""Real numbers to int8 and back. A scale is a multiplier here: q = x * scale, as in ncnn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.rounding import LIMIT, round_half_away, saturate

Doubles = NDArray[np.float64]


def scale_of(threshold: float, levels: int = LIMIT) -> np.float32:
    """Turn a threshold into a scale: levels / threshold, divided in float32 as ncnn does.

    A threshold of 0 (a blob that was always zero) has no such scale, nor has one so small that
    the scale would not be finite (below about 4e-37); both get 1.0, with which everything that
    the range held becomes 0. ncnn would write "inf" here.

    Args:
        threshold: largest |x| that is not clipped, real units, not negative. One that is not a
            float32 is not rounded to one first, so that 127 / (127 / scale) is the scale again.
        levels: the integer it becomes: 127, or 31 for 6-bit weights.
    """
    with np.errstate(divide="ignore", over="ignore"):
        scale = np.float32(levels / np.float64(threshold))
    return scale if np.isfinite(scale) else np.float32(1.0)


def scales_of(thresholds: NDArray[np.float32], levels: int = LIMIT) -> NDArray[np.float32]:
    """`scale_of` of many thresholds: float32 (n,) to float32 (n,)."""
    with np.errstate(divide="ignore", over="ignore"):
        scales = np.float32(levels) / thresholds
    result: NDArray[np.float32] = np.where(np.isfinite(scales), scales, np.float32(1.0))
    return result


def quantize(x: NDArray[np.float32], scale: NDArray[np.float32] | np.float32) -> NDArray[np.int8]:
    """q = saturate(round_half_away(x * scale)), the product rounded to float32.

    Args:
        x: float32, any shape, real units.
        scale: float32, one or broadcast against `x`.

    Returns:
        int8, in [-127, 127].

    Source: Tencent/ncnn, src/layer/quantize.cpp, float2int8.
    """
    with np.errstate(over="ignore"):  # an infinite product saturates like any other
        product = np.asarray(x, dtype=np.float32) * np.asarray(scale, dtype=np.float32)
    return saturate(round_half_away(product))


def dequantize(q: NDArray[Any], scale: NDArray[np.float32] | np.float32) -> NDArray[np.float32]:
    """x = q / scale, divided in float32.

    Args:
        q: integers, any shape.
        scale: float32, one or broadcast against `q`, not zero.

    Returns:
        float32, real units.
    """
    result: NDArray[np.float32] = np.divide(q, scale, dtype=np.float32)
    return result


def multiply_add(
    a: NDArray[np.float32],
    b: NDArray[np.float32] | np.float32,
    c: NDArray[np.float32] | np.float32,
    once: bool,
) -> NDArray[np.float32]:
    """a * b + c in float32, rounded once as a fused instruction does, or after each step.

    Args:
        a: float32, any shape.
        b: float32, broadcast against `a`.
        c: float32, broadcast against `a`.
        once: round once.

    Returns:
        float32.
    """
    if not once:
        return a * b + c
    total = a.astype(np.float64)
    total *= b  # exact: 24 + 24 bits fit in 53
    total += c
    halfway = np.flatnonzero((total.view(np.int64) & _BELOW_FLOAT32) == _HALF_OF_FLOAT32)
    if halfway.size:
        places = np.unravel_index(halfway, total.shape)
        parts = (np.broadcast_to(part, total.shape)[places] for part in (a, b, c))
        total[places] = _nudged(total[places], *(part.astype(np.float64) for part in parts))
    return total.astype(np.float32)


_BELOW_FLOAT32 = (1 << 29) - 1
_HALF_OF_FLOAT32 = 1 << 28


def _nudged(total: Doubles, a: Doubles, b: Doubles, c: Doubles) -> Doubles:
    """Move sums that lie just between two float32 to the side that the exact sum is on.

    Rounding to float64 may have put them there; rounding again would then go to the even side.
    """
    product = a * b
    back = total - product
    error = (product - (total - back)) + (c - back)  # what the sum lost (Knuth's two-sum)
    aside = np.nextafter(total, np.copysign(np.inf, error))
    result: Doubles = np.where(error == 0, total, aside)
    return result


def to_int8(x: NDArray[np.float32], half: NDArray[np.float32]) -> NDArray[np.int8]:
    """Round, a half away from zero, and saturate, as ncnn does.

    What does not fit in int32 (and NaN) becomes what the machine's conversion makes of it.

    Args:
        x: float32, any shape, in units of the int8 step.
        half: float32, broadcast against `x`: what is added before truncation (`halves`).

    Returns:
        int8, in [-127, 127].

    Source: Tencent/ncnn, src/layer/quantize.cpp and src/layer/x86/x86_usability.h, float2int8.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        whole = (x + np.copysign(half, x)).astype(np.int32)
    return whole.clip(-LIMIT, LIMIT, out=whole).astype(np.int8)


def halves(length: int, adds_half: bool) -> NDArray[np.float32]:
    """What ncnn adds to each element of a row before it truncates: float32 (length,).

    The number just below 0.5 rounds every float32 right. Vector code that `adds_half` adds 0.5,
    which takes the number just below 0.5 to 1, but for the last (length mod 4) elements.
    """
    result = np.full(length, np.nextafter(np.float32(0.5), np.float32(0)))
    if adds_half:
        result[: length // 4 * 4] = 0.5
    return result

"""Real numbers to int8 and back. A scale is a multiplier here: q = x * scale, as in ncnn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.rounding import LIMIT, round_half_away, saturate


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

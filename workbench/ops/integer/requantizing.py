"""Sums of a convolution or an inner product to int8, with bias and activation.

    int8 = clip(((sum + bias_int32) * r) + bias_int8)        r by one of four roundings

Source: the document of the full-int8 fork of ncnn, "Prepared work".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import CalibrationError
from workbench.numerics.fixed_point import (
    Flavour,
    OverflowCounter,
    Rescale,
    bias_int8,
    bias_int32,
    prepare_rescale,
    ratios,
)
from workbench.ops.integer.activating import EVERYTHING, Bounds

# --- offline ---


@dataclass(frozen=True, eq=False)
class Requantization:
    """How the sums of a layer become int8.

    Attributes:
        rescale: from units of the sums to levels of the output.
        before: int32 (channels,), a bias in units of the sums, or None.
        after: int8 (channels,), a bias in levels of the output, or None.
        bounds: where the result is held: the activation, and the range of int8.
    """

    rescale: Rescale
    before: NDArray[np.int32] | None
    after: NDArray[np.int8] | None
    bounds: Bounds

    def __post_init__(self) -> None:
        for bias in (self.before, self.after):
            if bias is not None:
                bias.setflags(write=False)


def prepare_requantization(
    weight_scales: Any,
    bottom_scale: Any,
    top_scale: Any,
    bias: NDArray[np.float32] | None = None,
    *,
    flavour: Flavour = "one rounding",
    bits: int = 8,
    bias_after: bool = False,
    bounds: Bounds = EVERYTHING,
) -> Requantization:
    """Prepare a layer.

    Args:
        weight_scales: float32 (channels,), of each output channel.
        bottom_scale: float32.
        top_scale: float32, one or (channels,).
        bias: float32 (channels,), real units.
        flavour: how the sums are multiplied.
        bits: of E, for "floor" and "rounded".
        bias_after: the bias is int8 and added after the shift, the document's variant.
        bounds: of the activation, in levels of the output.

    Raises:
        CalibrationError: a ratio of the scales is not positive and finite.
    """
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        real = ratios(top_scale, weight_scales, bottom_scale)
    rescale = prepare_rescale(real, flavour, bits)
    if bias is None:
        return Requantization(rescale, None, None, bounds)
    if not np.isfinite(bias).all():
        raise CalibrationError("a bias is infinite or not a number")
    if bias_after:
        return Requantization(rescale, None, bias_int8(bias, top_scale), bounds)
    return Requantization(rescale, bias_int32(bias, weight_scales, bottom_scale), None, bounds)


# --- runtime ---


def requantize(
    sums: NDArray[Any],
    prepared: Requantization,
    axis: int = 0,
    counter: OverflowCounter | None = None,
) -> NDArray[np.int8]:
    """Turn sums into int8.

    Args:
        sums: int32 (or int64), any shape.
        prepared: of the layer.
        axis: of the channels.
        counter: of numbers that leave int32: sums with their bias, which saturate there unless
            it wraps them, and products.
    """
    wide = sums.astype(np.int64)
    if prepared.before is not None:
        wide = wide + _along(prepared.before, sums.ndim, axis)
    held = (counter or OverflowCounter()).hold(wide).clip(-(1 << 31), (1 << 31) - 1)
    levels = prepared.rescale.apply(held, axis, counter)
    if prepared.after is not None:
        levels = levels.clip(-(1 << 30), 1 << 30) + _along(prepared.after, sums.ndim, axis)
    low, high = prepared.bounds.low, prepared.bounds.high
    return levels.clip(low, high).astype(np.int8)


def _along(bias: NDArray[Any], ndim: int, axis: int) -> NDArray[np.int32]:
    shape = [1] * ndim
    shape[axis] = bias.size
    return bias.astype(np.int32).reshape(shape)

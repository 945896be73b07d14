"""Weight scales, one for each output channel, and how many bits a layer's weights may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.errors import CalibrationError
from workbench.numerics.affine import quantize, scales_of
from workbench.numerics.rounding import LIMIT
from workbench.numerics.thresholds.aciq import aciq_threshold

LEVELS = {8: 127, 6: 31}
WINOGRAD_GROWTH = 576
"""By how much int8 Winograd F(4,3) can enlarge an accumulator before it scales it back."""


class WeightScales(NamedTuple):
    """Scales of a layer's weights.

    Attributes:
        scales: float32 (channels,), q = w * scale.
        dead: int64 (k,), channels whose weights are all zero; their scale is 1.0.
    """

    scales: NDArray[np.float32]
    dead: NDArray[np.int64]


def weight_scales(weight: NDArray[np.float32], channels: int, bits: int = 8) -> WeightScales:
    """127 / absmax of each channel (31 / absmax for 6 bits), divided in float32.

    Args:
        weight: float32, any shape, the channels one after the other.
        channels: output channels, or groups of a depthwise convolution.
        bits: 8 or 6.

    Returns:
        The scales. A channel of zeros gets 1.0 and is named as dead (ncnn gives it an infinite
        scale), and so does one whose scale would not be finite.

    Raises:
        CalibrationError: the weights do not divide into the channels or are not finite, or
            `bits` is something else.

    Source: Tencent/ncnn, tools/quantize/ncnn2table.cpp, QuantNet::quantize_KL.
    """
    return _scales(channel_absmax(weight, channels), bits)


def aciq_weight_scales(weight: NDArray[np.float32], channels: int, bits: int = 8) -> WeightScales:
    """127 / threshold of each channel (31 / threshold for 6 bits), the threshold by ACIQ.

    Arguments, result and errors are those of `weight_scales`.

    Source: Tencent/ncnn, tools/quantize/ncnn2table.cpp, QuantNet::quantize_ACIQ.
    """
    size = weight.size // max(channels, 1)
    largest = channel_absmax(weight, channels)
    thresholds = np.array([aciq_threshold(float(x), size, bits) for x in largest], np.float32)
    return _scales(thresholds, bits)


def quantize_weights(weight: NDArray[np.float32], scales: NDArray[np.float32]) -> NDArray[np.int8]:
    """Quantize each channel with its own scale: int8 (channels, elements per channel)."""
    return quantize(weight.reshape(scales.size, -1), scales[:, None])


def channel_absmax(weight: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """Largest |w| of each channel: float32 (channels,). Raises as `weight_scales` does."""
    if channels < 1 or weight.size % channels:
        raise CalibrationError(f"{weight.size} weights do not divide into {channels} channels")
    largest: NDArray[np.float32] = (
        np.abs(weight.reshape(channels, -1)).max(axis=1, initial=0.0).astype(np.float32)
    )
    broken = np.flatnonzero(~np.isfinite(largest))
    if broken.size:
        raise CalibrationError(
            f"output channel {broken[0]} has weights that are infinite or not a number",
            advice="Export the network again; such weights cannot be quantized.",
        )
    return largest


def _scales(thresholds: NDArray[np.float32], bits: int) -> WeightScales:
    if bits not in LEVELS:
        raise CalibrationError(f"weights of {bits} bits are not known", advice="Use 8 or 6.")
    scales = scales_of(thresholds, LEVELS[bits])
    dead = np.flatnonzero(scales * thresholds < 1)  # elsewhere the product is about LEVELS
    for array in (scales, dead):
        array.setflags(write=False)
    return WeightScales(scales, dead)


def needs_six_bits(convolution: Mapping[str, Any]) -> bool:
    """Tell whether ncnn gives a dense Convolution 6-bit weights: 3x3, stride 1, dilation 1.

    Such a layer runs as int8 Winograd F(4,3), whose int32 sums might overflow with 8 bits.

    Args:
        convolution: kernel_w, kernel_h, stride_w, stride_h, dilation_w, dilation_h.

    Source: Tencent/ncnn, tools/quantize/ncnn2table.cpp, QuantNet::quantize_KL.
    """
    return all(
        convolution[f"{name}_{axis}"] == wanted
        for name, wanted in (("kernel", 3), ("stride", 1), ("dilation", 1))
        for axis in "wh"
    )


def largest_accumulators(weight: NDArray[np.int8]) -> NDArray[np.int64]:
    """127 * sum |w| of each channel: the largest |accumulator| that any int8 input can give.

    Args:
        weight: int8 (channels, ...).

    Returns:
        int64 (channels,).
    """
    magnitude = np.abs(weight.reshape(weight.shape[0], -1).astype(np.int64))
    result: NDArray[np.int64] = LIMIT * magnitude.sum(axis=1)
    return result


def eight_bits_proven_safe(weight: NDArray[np.int8]) -> bool:
    """Tell whether int8 Winograd F(4,3) cannot overflow on these weights, whatever the input.

    It is exact while |accumulator| * 576 < 2^31 for every output channel.

    Args:
        weight: int8 (channels, ...), quantized with the scales that are to be used.
    """
    return bool((largest_accumulators(weight) * WINOGRAD_GROWTH < 2**31).all())

"""Layers that bring values to a common mean and size, and scale or shift them by trained weights.

Source: Tencent/ncnn, src/layer/batchnorm.cpp, scale.cpp, layernorm.cpp and their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.ops.op import (
    ONE,
    TWO,
    Count,
    Op,
    Values,
    WeightSpec,
    flag,
    integer,
    raw,
    raws,
    real,
)
from workbench.ops.shape_rules import Shape, every_channel, known_size, require, same

_FROM_BOTTOM = -233


def _scale_weights(values: Values) -> Iterator[WeightSpec]:
    if values.scale_data_size == _FROM_BOTTOM:
        return
    yield raw("scale", values.scale_data_size)
    if values.bias_term:
        yield raw("bias", values.scale_data_size)


def _scale_blobs(values: Values) -> Count:
    """The scale may be a second bottom; ncnn works in place, so it has a top as well."""
    return TWO if values.scale_data_size == _FROM_BOTTOM else ONE


def _scale_tops(values: Values) -> Count:
    return (1, 2) if values.scale_data_size == _FROM_BOTTOM else ONE


def _group_weights(values: Values) -> Iterator[WeightSpec]:
    if values.affine:
        yield raw("gamma", values.channels)
        yield raw("beta", values.channels)


def _layer_weights(values: Values) -> Iterator[WeightSpec]:
    if values.affine:
        yield raw("gamma", values.affine_size)
        yield raw("beta", values.affine_size)


def _rms_weights(values: Values) -> Iterator[WeightSpec]:
    if values.affine:
        yield raw("gamma", values.affine_size)


def _check_group(values: Values) -> Iterator[str]:
    if values.channels % values.group:
        yield f"channels (key 1) is {values.channels}, no multiple of group {values.group}"


def _scale_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    if values.scale_data_size == _FROM_BOTTOM:
        return same(values, bottoms, tops)
    return every_channel("scale_data_size")(values, bottoms, tops)


def _affine_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    if not values.affine:
        return bottoms
    return every_channel("channels")(values, bottoms, tops)


def _row_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    """The weights are for a row, or for all of a channel."""
    shape = bottoms[0]
    if values.affine and shape and values.affine_size != shape[-1]:
        inside = known_size(shape[1:]) if len(shape) > 2 else shape[-1]
        require("elements", values.affine_size, inside)
    return bottoms


def _normalize_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    if values.channel_shared:
        return bottoms
    return every_channel("scale_data_size", least_axes=3)(values, bottoms, tops)


def _mvn_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    return bottoms if bottoms[0] and len(bottoms[0]) == 3 else [None]


_EPS = 0.001

OPS = (
    Op(
        "BatchNorm",
        "Each channel minus its mean in training, divided by its spread, scaled and shifted.",
        (integer(0, "channels", 0, low=1), real(1, "eps")),
        raws("slope", "mean", "var", "bias", size="channels"),
        shapes=every_channel("channels"),
    ),
    Op(
        "Bias",
        "Adds a constant to each channel.",
        (integer(0, "bias_data_size", 0, low=1),),
        raws("bias", size="bias_data_size"),
        shapes=every_channel("bias_data_size", least_axes=3),
    ),
    Op(
        "Scale",
        "Multiplies each channel by a constant or by an element of a second input.",
        (integer(0, "scale_data_size"), flag(1, "bias_term")),
        _scale_weights,
        _scale_blobs,
        _scale_tops,
        shapes=_scale_shapes,
    ),
    Op(
        "LayerNorm",
        "Brings each row to mean 0 and variance 1, then scales and shifts its elements.",
        (integer(0, "affine_size", 0, low=0), real(1, "eps", _EPS), flag(2, "affine", 1)),
        _layer_weights,
        shapes=_row_shapes,
    ),
    Op(
        "RMSNorm",
        "Divides each row by its root mean square, then scales its elements.",
        (integer(0, "affine_size", 0, low=0), real(1, "eps", _EPS), flag(2, "affine", 1)),
        _rms_weights,
        shapes=_row_shapes,
    ),
    Op(
        "GroupNorm",
        "Brings each group of channels to mean 0 and variance 1, then scales and shifts.",
        (
            integer(0, "group", 1, low=1),
            integer(1, "channels", 0, low=0),
            real(2, "eps", _EPS),
            flag(3, "affine", 1),
        ),
        _group_weights,
        rules=(_check_group,),
        shapes=_affine_shapes,
    ),
    Op(
        "InstanceNorm",
        "Brings each channel of this one image to mean 0 and variance 1, then scales and shifts.",
        (integer(0, "channels", 0, low=0), real(1, "eps", _EPS), flag(2, "affine", 1)),
        _group_weights,
        shapes=_affine_shapes,
    ),
    Op(
        "Normalize",
        "Divides by the length of the vector across channels or positions, then scales.",
        (
            flag(0, "across_spatial"),
            flag(4, "across_channel", 1),
            flag(1, "channel_shared"),
            real(2, "eps", 0.0001),
            integer(9, "eps_mode"),
            integer(3, "scale_data_size", 0, low=1),
        ),
        raws("scale", size="scale_data_size"),
        shapes=_normalize_shapes,
    ),
    Op(
        "LRN",
        "Divides each element by the strength of its neighbours.",
        (
            integer(0, "region_type", 0, low=0, high=1),
            integer(1, "local_size", 5, low=1),
            real(2, "alpha", 1.0),
            real(3, "beta", 0.75),
            real(4, "bias", 1.0),
        ),
        shapes=same,
    ),
    Op(
        "MVN",
        "Subtracts the mean, and divides by the spread if asked to.",
        (flag(0, "normalize_variance"), flag(1, "across_channels"), real(2, "eps", 0.0001)),
        shapes=_mvn_shapes,
    ),
)

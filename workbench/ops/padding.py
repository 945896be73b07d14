"""The layer that puts a border around a blob.

Source: Tencent/ncnn, src/layer/padding.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.ops.op import Op, Values, WeightSpec, integer, raw, real
from workbench.ops.scale_rules import EQUAL, MOVED, ScaleRule
from workbench.ops.shape_rules import MisfitError, Shape, require


def _pad_weights(values: Values) -> Iterator[WeightSpec]:
    if values.per_channel_pad_data_size:
        yield raw("per_channel_pad", values.per_channel_pad_data_size)


def _padded_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    shape = bottoms[0]
    if shape is None or len(shape) > 3:
        return [None]
    borders = [("front", "behind"), ("top", "bottom"), ("left", "right")][-len(shape) :]
    added = [values[before] + values[after] for before, after in borders]
    padded = tuple(n + more if n else None for n, more in zip(shape, added, strict=True))
    if any(length is not None and length < 1 for length in padded):
        raise MisfitError(f"nothing would be left of its input, {shape}")
    if values.per_channel_pad_data_size and len(shape) == 3:
        require("channels with their border", values.per_channel_pad_data_size, padded[0])
    return [padded]


def _padding_scales(values: Values) -> ScaleRule | str:
    if values.per_channel_pad_data_size:
        return "a border of another value for each channel has no integer form"
    sides = ("front", "behind", "top", "bottom", "left", "right")
    if min(values[side] for side in sides) < 0:
        return "a border of negative width has no integer form"
    return MOVED if values.front or values.behind else EQUAL


OPS = (
    Op(
        "Padding",
        "A border of one value, of the edge, or of the mirrored inside.",
        (
            integer(0, "top"),
            integer(1, "bottom"),
            integer(2, "left"),
            integer(3, "right"),
            integer(4, "type", 0, low=0, high=2),
            real(5, "value"),
            integer(6, "per_channel_pad_data_size", 0, low=0),
            integer(7, "front"),
            integer(8, "behind"),
        ),
        _pad_weights,
        shapes=_padded_shapes,
        scales=_padding_scales,
    ),
)

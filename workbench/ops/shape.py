"""Layers that move or repeat elements without computing anything from them.

Source: Tencent/ncnn, src/layer/reshape.cpp, crop.cpp, permute.cpp and their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from math import prod

from workbench.ops.expression import bottoms_of, check_expression
from workbench.ops.op import (
    ONE,
    TWO,
    Count,
    Op,
    Param,
    Values,
    WeightSpec,
    flag,
    integer,
    integers,
    raw,
    real,
    text,
)
from workbench.ops.scale_rules import EQUAL, MOVED, ScaleRule
from workbench.ops.shape_rules import MisfitError, Shape, known_size, require

_UNKNOWN = -233
_NO_BATCH = 233
_EXPRESSIONS = ("shape_expr", "starts_expr", "ends_expr", "axes_expr")


def _axes(id: int) -> Param:
    return integers(id, "axes", low=-4, high=3)


def _check_axes(values: Values) -> Iterator[str]:
    if len(values.axes) > 4:
        yield f"axes has {len(values.axes)} elements, and blobs at most 4 axes"


def _check_expressions(values: Values) -> Iterator[str]:
    for name in _EXPRESSIONS:
        if name in values:
            yield from check_expression(values[name])


def _check_dims(values: Values) -> Iterator[str]:
    if values.w == _UNKNOWN and not values.shape_expr:
        yield "it has no shape: w (key 0) is missing"


def _reshape_bottoms(values: Values) -> Count:
    named = bottoms_of(values.shape_expr)
    return (named, None) if named > 1 else ONE


def _check_slices(values: Values) -> Iterator[str]:
    starts, ends, axes = len(values.starts), len(values.ends), len(values.axes)
    if starts > 4 or ends != starts or (axes and axes != starts):
        yield f"starts, ends and axes have {starts}, {ends} and {axes} elements"


def _crop_bottoms(values: Values) -> Count:
    named = max(bottoms_of(values[name]) for name in _EXPRESSIONS[1:])
    sliced = (values.starts and values.ends) or (values.starts_expr and values.ends_expr)
    sized = any(values[name] for name in ("outw", "outh", "outd", "outc"))
    ended = any(values[name] for name in ("woffset2", "hoffset2", "doffset2", "coffset2"))
    if named > 1:
        return (named, None)
    return ONE if sliced or sized or ended else TWO


def _check_starts(values: Values) -> Iterator[str]:
    starts, axes = len(values.starts), len(values.axes)
    if starts > 4 or (axes and axes != starts):
        yield f"starts and axes have {starts} and {axes} elements"


def _check_tile(values: Values) -> Iterator[str]:
    if len(values.repeats) > 4:
        yield f"repeats has {len(values.repeats)} elements, and blobs at most 4 axes"
    if not values.repeats and not (0 <= values.axis <= 3 and values.tiles > 0):
        yield f"axis is {values.axis} (of 0 to 3), tiles {values.tiles} (at least 1)"


def _pad_weights(values: Values) -> Iterator[WeightSpec]:
    if values.per_channel_pad_data_size:
        yield raw("per_channel_pad", values.per_channel_pad_data_size)


def _flat(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    return [(known_size(bottoms[0]),)]


def _reshape_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    """A length of 0 stands for that of the bottom, and -1 for what is left over."""
    batched = (values.input_batch_axis, values.output_batch_axis) != (_NO_BATCH, _NO_BATCH)
    if values.shape_expr or batched:
        return [None]
    given = takewhile(lambda axis: values[axis] != _UNKNOWN, "whcd")
    axes = [values[axis] for axis in sorted(given, key="cdhw".index)]
    size, known = known_size(bottoms[0]), prod(axis for axis in axes if axis > 0)
    if size is not None and min(axes) > 0 and known != size:
        raise MisfitError(f"its input has {size} elements, its output {known}")
    left = size // known if size is not None and 0 not in axes else None
    return [tuple(axis if axis > 0 else left if axis == -1 else None for axis in axes)]


def _permute_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    return bottoms if values.order_type == 0 else [None]


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


def _reshape_scales(values: Values) -> ScaleRule | str:
    batched = (values.input_batch_axis, values.output_batch_axis) != (_NO_BATCH, _NO_BATCH)
    return "its shape is an expression or has a batch" if values.shape_expr or batched else MOVED


def _padding_scales(values: Values) -> ScaleRule | str:
    if values.per_channel_pad_data_size:
        return "a border of another value for each channel has no integer form"
    sides = ("front", "behind", "top", "bottom", "left", "right")
    if min(values[side] for side in sides) < 0:
        return "a border of negative width has no integer form"
    return MOVED if values.front or values.behind else EQUAL


def _crop_scales(values: Values) -> ScaleRule | str:
    by_name = any(values[name] for name in _EXPRESSIONS[1:])
    if _crop_bottoms(values) != ONE or by_name or values.woffset == _UNKNOWN:
        return "its part depends on another blob"
    return MOVED


_OFFSETS = (
    integer(0, "woffset"),
    integer(1, "hoffset"),
    integer(13, "doffset"),
    integer(2, "coffset"),
)

OPS = (
    Op("Flatten", "All elements in one row.", shapes=_flat, scales=MOVED),
    Op(
        "Reshape",
        "The same elements in another shape.",
        (
            integer(0, "w", _UNKNOWN),
            integer(1, "h", _UNKNOWN),
            integer(11, "d", _UNKNOWN),
            integer(2, "c", _UNKNOWN),
            text(6, "shape_expr"),
            integer(12, "input_batch_axis", _NO_BATCH),
            integer(13, "output_batch_axis", _NO_BATCH),
        ),
        bottoms=_reshape_bottoms,
        rules=(_check_dims, _check_expressions),
        shapes=_reshape_shapes,
        scales=_reshape_scales,
    ),
    Op(
        "Permute",
        "Exchanges axes.",
        (integer(0, "order_type", 0, low=0, high=23),),
        shapes=_permute_shapes,
        scales=MOVED,
    ),
    Op(
        "Squeeze",
        "Drops axes of length 1.",
        (
            flag(0, "squeeze_w"),
            flag(1, "squeeze_h"),
            flag(11, "squeeze_d"),
            flag(2, "squeeze_c"),
            _axes(3),
        ),
        rules=(_check_axes,),
        scales=MOVED,
    ),
    Op("ExpandDims", "Adds axes of length 1.", (_axes(3),), rules=(_check_axes,), scales=MOVED),
    Op("Flip", "Reverses the order along axes.", (_axes(0),), rules=(_check_axes,), scales=MOVED),
    Op(
        "Crop",
        "A part of a blob, or as much of it as a second input is large.",
        (
            *_OFFSETS,
            integer(3, "outw"),
            integer(4, "outh"),
            integer(14, "outd"),
            integer(5, "outc"),
            integer(6, "woffset2"),
            integer(7, "hoffset2"),
            integer(15, "doffset2"),
            integer(8, "coffset2"),
            integers(9, "starts"),
            integers(10, "ends"),
            _axes(11),
            text(19, "starts_expr"),
            text(20, "ends_expr"),
            text(21, "axes_expr"),
        ),
        bottoms=_crop_bottoms,
        rules=(_check_axes, _check_slices, _check_expressions),
        scales=_crop_scales,
    ),
    Op(
        "CopyTo",
        "The first input with the second written over a part of it.",
        (*_OFFSETS, integers(9, "starts"), _axes(11)),
        bottoms=TWO,
        rules=(_check_axes, _check_starts),
    ),
    Op(
        "Tile",
        "The same elements several times along axes.",
        (integer(0, "axis"), integer(1, "tiles", 1), integers(2, "repeats", low=1)),
        rules=(_check_tile,),
        scales=MOVED,
    ),
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
    Op(
        "PixelShuffle",
        "Turns blocks of channels into finer pixels.",
        (integer(0, "upscale_factor", 1, low=1, high=46340), integer(1, "mode", 0, low=0, high=1)),
        scales=MOVED,
    ),
    Op(
        "Reorg",
        "Turns blocks of pixels into more channels.",
        (integer(0, "stride", 1, low=1, high=46340), integer(1, "mode", 0, low=0, high=1)),
        scales=MOVED,
    ),
    Op("Diag", "A diagonal of a matrix, or a matrix with one.", (integer(0, "diagonal"),)),
)

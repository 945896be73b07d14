"""Layers that move or repeat elements without computing anything from them.

Source: Tencent/ncnn, src/layer/reshape.cpp, permute.cpp and their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from math import prod

from workbench.ops.expression import bottoms_of, check_expression
from workbench.ops.op import ONE, Count, Op, Param, Values, flag, integer, integers, text
from workbench.ops.scale_rules import MOVED, ScaleRule
from workbench.ops.shape_rules import MisfitError, Shape, known_size

_UNKNOWN = -233
_NO_BATCH = 233


def axes(id: int) -> Param:
    """Numbers of axes, from the last one backwards if below zero."""
    return integers(id, "axes", low=-4, high=3)


def check_axes(values: Values) -> Iterator[str]:
    """A blob has at most 4 axes."""
    if len(values.axes) > 4:
        yield f"axes has {len(values.axes)} elements, and blobs at most 4 axes"


def _check_dims(values: Values) -> Iterator[str]:
    if values.w == _UNKNOWN and not values.shape_expr:
        yield "it has no shape: w (key 0) is missing"
    yield from check_expression(values.shape_expr)


def _reshape_bottoms(values: Values) -> Count:
    named = bottoms_of(values.shape_expr)
    return (named, None) if named > 1 else ONE


def _check_tile(values: Values) -> Iterator[str]:
    if len(values.repeats) > 4:
        yield f"repeats has {len(values.repeats)} elements, and blobs at most 4 axes"
    if not values.repeats and not (0 <= values.axis <= 3 and values.tiles > 0):
        yield f"axis is {values.axis} (of 0 to 3), tiles {values.tiles} (at least 1)"


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


def _reshape_scales(values: Values) -> ScaleRule | str:
    batched = (values.input_batch_axis, values.output_batch_axis) != (_NO_BATCH, _NO_BATCH)
    return "its shape is an expression or has a batch" if values.shape_expr or batched else MOVED


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
        rules=(_check_dims,),
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
            axes(3),
        ),
        rules=(check_axes,),
        scales=MOVED,
    ),
    Op("ExpandDims", "Adds axes of length 1.", (axes(3),), rules=(check_axes,), scales=MOVED),
    Op("Flip", "Reverses the order along axes.", (axes(0),), rules=(check_axes,), scales=MOVED),
    Op(
        "Tile",
        "The same elements several times along axes.",
        (integer(0, "axis"), integer(1, "tiles", 1), integers(2, "repeats", low=1)),
        rules=(_check_tile,),
        scales=MOVED,
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

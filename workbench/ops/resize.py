"""Layers that compute new pixels between the old ones.

Source: Tencent/ncnn, src/layer/interp.cpp, gridsample.cpp: load_param.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.ops.expression import bottoms_of, check_expression
from workbench.ops.op import ONE, TWO, Count, Op, Values, flag, integer, real, text
from workbench.ops.scale_rules import EQUAL, ScaleRule
from workbench.ops.shape_rules import Shape


def _interp_bottoms(values: Values) -> Count:
    named = bottoms_of(values.size_expr)
    if named > 1:
        return (named, None)
    return TWO if values.dynamic_target_size == 1 else ONE


def _check_size(values: Values) -> Iterator[str]:
    yield from check_expression(values.size_expr)


def _interp_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    shape = bottoms[0]
    if shape is None or len(shape) != 3 or len(bottoms) > 1 or values.size_expr:
        return [None]
    height, width = values.output_height, values.output_width
    return [(shape[0], height, width) if height and width else (shape[0], None, None)]


def _interp_scales(values: Values) -> ScaleRule | str:
    if values.size_expr or values.dynamic_target_size == 1:
        return "its size is that of another blob"
    return EQUAL if values.resize_type == 1 else "only the nearest pixel can be taken in int8"


OPS = (
    Op(
        "Interp",
        "Resizes: nearest pixel, or straight or cubic lines between pixels.",
        (
            integer(0, "resize_type", 0, low=0, high=3),
            real(1, "height_scale", 1.0),
            real(2, "width_scale", 1.0),
            integer(3, "output_height", 0, low=0),
            integer(4, "output_width", 0, low=0),
            flag(5, "dynamic_target_size"),
            flag(6, "align_corner"),
            text(9, "size_expr"),
        ),
        bottoms=_interp_bottoms,
        rules=(_check_size,),
        shapes=_interp_shapes,
        scales=_interp_scales,
    ),
    Op(
        "GridSample",
        "Reads the first input at the places that the second input tells.",
        (
            integer(0, "sample_type", 1, low=1, high=3),
            integer(1, "padding_mode", 1, low=1, high=3),
            flag(2, "align_corner"),
            flag(3, "permute_fusion"),
        ),
        bottoms=TWO,
    ),
)

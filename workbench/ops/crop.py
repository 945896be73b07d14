"""Layers of a part of a blob: taken out, or written over.

Source: Tencent/ncnn, src/layer/crop.cpp and copyto.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.ops.expression import bottoms_of, check_expression
from workbench.ops.op import ONE, TWO, Count, Op, Values, integer, integers, text
from workbench.ops.scale_rules import MOVED, ScaleRule
from workbench.ops.shape import axes, check_axes

_UNKNOWN = -233
_BY_NAME = ("starts_expr", "ends_expr", "axes_expr")

_OFFSETS = (
    integer(0, "woffset"),
    integer(1, "hoffset"),
    integer(13, "doffset"),
    integer(2, "coffset"),
)


def _check_slices(values: Values) -> Iterator[str]:
    starts, ends, chosen = len(values.starts), len(values.ends), len(values.axes)
    if starts > 4 or ends != starts or (chosen and chosen != starts):
        yield f"starts, ends and axes have {starts}, {ends} and {chosen} elements"


def _check_expressions(values: Values) -> Iterator[str]:
    for name in _BY_NAME:
        yield from check_expression(values[name])


def _crop_bottoms(values: Values) -> Count:
    named = max(bottoms_of(values[name]) for name in _BY_NAME)
    sliced = (values.starts and values.ends) or (values.starts_expr and values.ends_expr)
    sized = any(values[name] for name in ("outw", "outh", "outd", "outc"))
    ended = any(values[name] for name in ("woffset2", "hoffset2", "doffset2", "coffset2"))
    if named > 1:
        return (named, None)
    return ONE if sliced or sized or ended else TWO


def _check_starts(values: Values) -> Iterator[str]:
    starts, chosen = len(values.starts), len(values.axes)
    if starts > 4 or (chosen and chosen != starts):
        yield f"starts and axes have {starts} and {chosen} elements"


def _crop_scales(values: Values) -> ScaleRule | str:
    by_name = any(values[name] for name in _BY_NAME)
    if _crop_bottoms(values) != ONE or by_name or values.woffset == _UNKNOWN:
        return "its part depends on another blob"
    return MOVED


OPS = (
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
            axes(11),
            text(19, "starts_expr"),
            text(20, "ends_expr"),
            text(21, "axes_expr"),
        ),
        bottoms=_crop_bottoms,
        rules=(check_axes, _check_slices, _check_expressions),
        scales=_crop_scales,
    ),
    Op(
        "CopyTo",
        "The first input with the second written over a part of it.",
        (*_OFFSETS, integers(9, "starts"), axes(11)),
        bottoms=TWO,
        rules=(check_axes, _check_starts),
    ),
)

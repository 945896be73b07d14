"""Pooling: one number for each window, or for each channel.

Source: Tencent/ncnn, src/layer/pooling*.cpp, statisticspooling.cpp, spp.cpp: load_param.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt

from workbench.ops.op import INT_MAX, Op, Param, Same, Values, flag, integer
from workbench.ops.scale_rules import EQUAL, ScaleRule, wished
from workbench.ops.shape_rules import SAME_UPPER, Shape, slide
from workbench.ops.window import PADS, image_shape

_KEEP = -233
_LEAST_GLOBAL = 16
"""So many elements at least a mean over a whole channel is taken to have."""


def _params(axes: int) -> tuple[Param, ...]:
    """Params along w, then h and d, which follow w by default."""
    wide = (
        integer(0, "pooling_type", 0, low=0, high=1),
        integer(1, "kernel_w"),
        integer(2, "stride_w", 1),
        integer(3, "pad_left"),
        integer(14, "pad_right", Same("pad_left")),
        flag(4, "global_pooling"),
        integer(5, "pad_mode"),
        flag(6, "avgpool_count_include_pad"),
        flag(7, "adaptive_pooling"),
        integer(8, "out_w"),
    )
    high = (
        integer(11, "kernel_h", Same("kernel_w")),
        integer(12, "stride_h", Same("stride_w")),
        integer(13, "pad_top", Same("pad_left")),
        integer(15, "pad_bottom", Same("pad_top")),
        integer(18, "out_h", Same("out_w")),
    )
    deep = (
        integer(21, "kernel_d", Same("kernel_w")),
        integer(22, "stride_d", Same("stride_w")),
        integer(23, "pad_front", Same("pad_left")),
        integer(16, "pad_behind", Same("pad_front")),
        integer(28, "out_d", Same("out_w")),
    )
    return (*wide, *(high if axes > 1 else ()), *(deep if axes > 2 else ()))


def _along(values: Values, name: str) -> Iterator[tuple[str, int]]:
    """Name and value of a parameter along each axis."""
    return ((key, values[key]) for axis in "whd" if (key := f"{name}_{axis}") in values)


def _check_window(values: Values) -> Iterator[str]:
    if values.global_pooling or values.adaptive_pooling:
        return
    if not 0 <= values.pad_mode <= 3:
        yield f"pad_mode (key 5) is {values.pad_mode}, and must be 0 to 3"
    area = 1
    for name, size in (*_along(values, "kernel"), *_along(values, "stride")):
        if size < 1:
            yield f"{name} is {size}, and must be at least 1"
        area *= size if name.startswith("kernel") else 1
    if area > INT_MAX:
        yield "the kernel has more elements than fit in 32 bits"


def _check_output(values: Values) -> Iterator[str]:
    if values.global_pooling or not values.adaptive_pooling:
        return
    for name, size in _along(values, "out"):
        if size < 1 and (size != _KEEP or "out_h" not in values):
            yield f"{name} is {size}, and must be at least 1"


def _axis(values: Values, length: int | None, axis: str, pads: tuple[str, str]) -> int | None:
    """Windows along one axis; pad_mode 0 lets the last one reach over the edge."""
    window, stride = values[f"kernel_{axis}"], values[f"stride_{axis}"]
    before, after = (values[name] for name in pads)
    if values.pad_mode >= 2:
        return slide(length, window, stride, SAME_UPPER, SAME_UPPER)
    if length is None or min(before, after) < 0:
        return None
    if values.pad_mode == 0 and length + before + after >= window:
        after += -(length + before + after - window) % stride
    return slide(length, window, stride, before, after)


def _shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    axes = [axis for axis in "dhw" if f"kernel_{axis}" in values]
    shape = image_shape(bottoms[0], len(axes))
    if shape is None:
        return [None]
    if values.global_pooling:
        return [(shape[0],)]
    lengths = list(zip(axes, shape[1:], strict=True))
    if values.adaptive_pooling:
        wanted = [(values[f"out_{axis}"], length) for axis, length in lengths]
        return [(shape[0], *[length if out == _KEEP else out for out, length in wanted])]
    return [(shape[0], *[_axis(values, length, axis, PADS[axis]) for axis, length in lengths])]


def _scales(values: Values) -> ScaleRule:
    """A maximum is one of the elements; a mean is smaller than the largest of them."""
    if not values.pooling_type:
        return EQUAL
    fixed = not values.global_pooling and not values.adaptive_pooling
    elements = values.kernel_w * values.kernel_h if fixed else _LEAST_GLOBAL
    return ScaleRule("rescaled", need=wished, reach=sqrt(min(elements, _LEAST_GLOBAL)))


_RULES = (_check_window, _check_output)

OPS = (
    Op(
        "Pooling",
        "The maximum or the mean of each window.",
        _params(2),
        rules=_RULES,
        shapes=_shapes,
        scales=_scales,
    ),
    Op(
        "Pooling1D",
        "The maximum or the mean of each stretch.",
        _params(1),
        rules=_RULES,
        shapes=_shapes,
    ),
    Op(
        "Pooling3D",
        "The maximum or the mean of each box.",
        _params(3),
        rules=_RULES,
        shapes=_shapes,
    ),
    Op(
        "StatisticsPooling",
        "Mean and, if asked for, spread of each channel.",
        (flag(0, "include_stddev"),),
    ),
    Op(
        "SPP",
        "Pools over the whole, its quarters, its sixteenths: a fixed length for any input size.",
        (
            integer(0, "pooling_type", 0, low=0, high=1),
            integer(1, "pyramid_height", 1, low=1, high=15),
        ),
    ),
)

"""Layers without a bottom: what the user feeds, and constants.

Source: Tencent/ncnn, src/layer/input.cpp, memorydata.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.ops.op import ONE, Op, Values, WeightSpec, integer, packed, raw, tagged
from workbench.ops.shape_rules import Shape

_LOADS = {0: tagged, 1: raw, 3: packed, 4: packed, 6: packed, 8: packed}


def _shape(values: Values) -> tuple[int, ...]:
    """The slowest axis first; ncnn takes the first of d, c, h, w that is not zero."""
    if values.d:
        return (values.c, values.d, values.h, values.w)
    if values.c:
        return (values.c, values.h, values.w)
    return (values.h, values.w) if values.h else (values.w,)


def _check_load(values: Values) -> Iterator[str]:
    if values.load_type not in _LOADS:
        yield f"load_type (key 21) is {values.load_type}, which ncnn does not know"


def _weights(values: Values) -> Iterator[WeightSpec]:
    if any(_shape(values)):
        yield _LOADS[values.load_type]("data", *_shape(values))


def _input_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    """The user may feed another size than the file says, or more rows, but not other channels."""
    shape = _shape(values)
    first = None if len(shape) == 2 else shape[0] or None
    return [(first, *[None] * (len(shape) - 1)) if any(shape) else None] * tops


def _data_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    return [_shape(values) if any(_shape(values)) else (1,)]


_SIZES = (integer(0, "w"), integer(1, "h"), integer(11, "d"), integer(2, "c"))

OPS = (
    Op(
        "Input",
        "A blob that the user feeds.",
        _SIZES,
        bottoms=(0, 0),
        tops=(1, None),
        shapes=_input_shapes,
    ),
    Op(
        "MemoryData",
        "A constant blob.",
        (*_SIZES, integer(21, "load_type", 1)),
        _weights,
        bottoms=(0, 0),
        tops=ONE,
        rules=(_check_load,),
        shapes=_data_shapes,
    ),
)

"""Layers without a bottom: what the user feeds, and constants.

Source: Tencent/ncnn, src/layer/input.cpp, memorydata.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.ops.op import ONE, Op, Values, WeightSpec, integer, packed, raw, tagged

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


_SIZES = (integer(0, "w"), integer(1, "h"), integer(11, "d"), integer(2, "c"))

OPS = (
    Op("Input", "A blob that the user feeds.", _SIZES, bottoms=(0, 0), tops=(1, None)),
    Op(
        "MemoryData",
        "A constant blob.",
        (*_SIZES, integer(21, "load_type", 1)),
        _weights,
        bottoms=(0, 0),
        tops=ONE,
        rules=(_check_load,),
    ),
)

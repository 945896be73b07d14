"""Layers that sum up an axis in one number.

Source: Tencent/ncnn, src/layer/reduction.cpp, argmax.cpp: load_param.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.ops.op import Op, Values, flag, integer, integers, real

REDUCTIONS = (
    *("sum", "asum", "sumsq", "mean", "max", "min", "prod", "l1", "l2", "logsum"),
    "logsumexp",
)
"""What operation of a Reduction means."""


def _check_axes(values: Values) -> Iterator[str]:
    if len(values.axes) > 4:
        yield f"axes has {len(values.axes)} elements, and blobs at most 4 axes"
    if values.axes and not values.fixbug0:
        yield "axes are given without fixbug0 (5=1), as by an old converter; ncnn refuses it"


OPS = (
    Op(
        "Reduction",
        "Sum, mean, maximum or the like along axes.",
        (
            integer(0, "operation", 0, low=0, high=len(REDUCTIONS) - 1),
            flag(1, "reduce_all", 1),
            real(2, "coeff", 1.0),
            integers(3, "axes", low=-4, high=3),
            flag(4, "keepdims"),
            flag(5, "fixbug0"),
        ),
        rules=(_check_axes,),
    ),
    Op(
        "ArgMax",
        "Where the largest elements are.",
        (flag(0, "out_max_val"), integer(1, "topk", 1, low=1)),
    ),
)

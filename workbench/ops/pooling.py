"""Pooling: a window's maximum or mean.

Source: Tencent/ncnn, src/layer/pooling.cpp: load_param.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.ops.op import Op, Same, Values, flag, integer


def _check_window(values: Values) -> Iterator[str]:
    if values.global_pooling or values.adaptive_pooling:
        return
    for name in ("kernel_w", "kernel_h", "stride_w", "stride_h"):
        if values[name] < 1:
            yield f"{name} is {values[name]}, and must be at least 1"


POOLING = Op(
    "Pooling",
    "The maximum or the mean of each window.",
    (
        integer(0, "pooling_type", 0, low=0, high=1),
        integer(1, "kernel_w"),
        integer(11, "kernel_h", Same("kernel_w")),
        integer(2, "stride_w", 1),
        integer(12, "stride_h", Same("stride_w")),
        integer(3, "pad_left"),
        integer(14, "pad_right", Same("pad_left")),
        integer(13, "pad_top", Same("pad_left")),
        integer(15, "pad_bottom", Same("pad_top")),
        flag(4, "global_pooling"),
        integer(5, "pad_mode", 0, low=0, high=3),
        flag(6, "avgpool_count_include_pad"),
        flag(7, "adaptive_pooling"),
        integer(8, "out_w"),
        integer(18, "out_h", Same("out_w")),
    ),
    rules=(_check_window,),
)

OPS = (POOLING,)

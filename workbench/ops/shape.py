"""Layers that move elements without changing them.

Source: Tencent/ncnn, src/layer/flatten.cpp, reshape.cpp, permute.cpp.
"""

from __future__ import annotations

from workbench.ops.op import SOME, Op, integer, text

OPS = (
    Op("Flatten", "All elements in one row."),
    Op(
        "Reshape",
        "The same elements in another shape.",
        (
            integer(0, "w", -233),
            integer(1, "h", -233),
            integer(11, "d", -233),
            integer(2, "c", -233),
            text(6, "shape_expr"),
            integer(12, "input_batch_axis", 233),
            integer(13, "output_batch_axis", 233),
        ),
        bottoms=SOME,
    ),
    Op("Permute", "Exchanges axes.", (integer(0, "order_type", 0, low=0, high=23),)),
)

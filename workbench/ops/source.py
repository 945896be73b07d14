"""Layers without a bottom: what the user feeds, and constants.

Source: Tencent/ncnn, src/layer/input.cpp, memorydata.cpp.
"""

from __future__ import annotations

from workbench.ops.op import SOME, Op, integer

OPS = (
    Op(
        "Input",
        "A blob that the user feeds.",
        (integer(0, "w"), integer(1, "h"), integer(11, "d"), integer(2, "c")),
        bottoms=(0, 0),
        tops=SOME,
    ),
)

"""Layers that share, split and join blobs.

Source: Tencent/ncnn, src/layer/split.cpp, concat.cpp, slice.cpp, shufflechannel.cpp.
"""

from __future__ import annotations

from workbench.ops.op import SOME, Op, flag, integer, integers

OPS = (
    Op("Split", "Gives one blob to several readers: the tops share its data.", tops=SOME),
    Op(
        "Concat",
        "Blobs one after the other along an axis.",
        (integer(0, "axis", 0, low=-4, high=3),),
        bottoms=SOME,
    ),
    Op(
        "Slice",
        "Cuts a blob into several along an axis.",
        (integers(0, "slices"), integer(1, "axis", 0, low=-4, high=3), integers(2, "indices")),
        tops=SOME,
    ),
    Op(
        "ShuffleChannel",
        "Interleaves the channels of several groups, so that groups exchange what they know.",
        (integer(0, "group", 1, low=1), flag(1, "reverse")),
    ),
)

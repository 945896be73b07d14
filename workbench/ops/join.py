"""Layers that share, cut and join blobs.

Source: Tencent/ncnn, src/layer/split.cpp, concat.cpp, slice.cpp, shufflechannel.cpp and others.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.ops.op import SOME, Count, Op, Values, flag, integer, integers

_EQUAL_PART = -233


def _slice_tops(values: Values) -> Count:
    """Each top needs its length, or all but the last its end."""
    if values.indices:
        return (1, len(values.indices) + 1)
    return (1, len(values.slices))


def _check_slices(values: Values) -> Iterator[str]:
    if any(length < 1 and length != _EQUAL_PART for length in values.slices):
        yield "slices (key 0) has a length below 1"


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
        tops=_slice_tops,
        rules=(_check_slices,),
    ),
    Op(
        "ShuffleChannel",
        "Interleaves the channels of several groups, so that groups exchange what they know.",
        (integer(0, "group", 1, low=1), flag(1, "reverse")),
    ),
    Op("Noop", "Does nothing; it may swallow blobs that nobody reads.", bottoms=SOME, tops=(0, 1)),
    Op("DeepCopy", "A copy with memory of its own."),
)

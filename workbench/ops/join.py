"""Layers that share, cut and join blobs.

Source: Tencent/ncnn, src/layer/split.cpp, concat.cpp, slice.cpp, shufflechannel.cpp and others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

import numpy as np

from workbench.ops.op import SOME, Count, Op, Values, flag, integer, integers
from workbench.ops.scale_rules import EQUAL, Link, ScaleRule, channels, mixed, one_to_one
from workbench.ops.shape_rules import MisfitError, Shape, merge, same

_EQUAL_PART = -233


def _slice_tops(values: Values) -> Count:
    """Each top needs its length, or all but the last its end."""
    if values.indices:
        return (1, len(values.indices) + 1)
    return (1, len(values.slices))


def _check_slices(values: Values) -> Iterator[str]:
    if any(length < 1 and length != _EQUAL_PART for length in values.slices):
        yield "slices (key 0) has a length below 1"


def _place(axis: int, shape: Shape) -> int | None:
    """Index of an axis in a shape; ncnn counts from the slowest, or from the end if negative."""
    if shape is None:
        return None
    if not -len(shape) <= axis < len(shape):
        raise MisfitError(f"its input has {len(shape)} axes, and none is number {axis}")
    return axis % len(shape)


def _concat_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    place = _place(values.axis, bottoms[0])
    if place is None:
        return [None]
    lengths = [shape[place] if shape and len(shape) > place else None for shape in bottoms]
    total = None if None in lengths else sum(length or 0 for length in lengths)
    rest = reduce(merge, [_with(shape, place, None) for shape in bottoms])
    return [_with(rest, place, total)]


def _with(shape: Shape, place: int, length: int | None) -> Shape:
    if shape is None or len(shape) <= place:
        return shape
    return (*shape[:place], length, *shape[place + 1 :])


def _slice_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    shape = bottoms[0]
    place = _place(values.axis, shape)
    if shape is None or place is None:
        return [None] * tops
    return [_with(shape, place, length) for length in _lengths(values, shape[place], tops)]


def _lengths(values: Values, whole: int | None, tops: int) -> Sequence[int | None]:
    """Lengths of the parts along the axis that is cut."""
    if whole is None:
        return [None] * tops
    parts: list[int] = []
    for i in range(tops):
        parts.append(_part(values, i, whole, sum(parts), tops))
    if min(parts) < 1 or sum(parts) > whole:
        raise MisfitError(f"it cannot cut {whole} into parts of {parts}")
    return parts


def _part(values: Values, i: int, whole: int, used: int, tops: int) -> int:
    if not values.indices:
        part: int = values.slices[i]
        return (whole - used) // (tops - i) if part == _EQUAL_PART else part
    end: int = whole if i == tops - 1 else values.indices[i]
    return (end + whole if end < 0 else end) - used


def _shuffle_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    shape = bottoms[0]
    channels = None if shape is None else shape[0] if len(shape) >= 3 else 1
    if channels and channels % values.group:
        raise MisfitError(f"its input has {channels} channels, no multiple of {values.group}")
    return [bottoms[0]]


def _concat_links(
    values: Values, bottoms: Sequence[Shape], tops: Sequence[Shape]
) -> Iterator[Link]:
    if _place(values.axis, tops[0]) != 0:
        yield from one_to_one(values, bottoms, tops)
        return
    counts = [channels(shape) for shape in bottoms]
    if None in counts:
        yield from mixed(values, bottoms, tops)
        return
    start = 0
    for i, count in enumerate(filter(None, counts)):
        yield Link(i, 0, np.arange(count), np.arange(start, start + count))
        start += count


def _slice_links(values: Values, bottoms: Sequence[Shape], tops: Sequence[Shape]) -> Iterator[Link]:
    if _place(values.axis, bottoms[0]) != 0:
        yield from one_to_one(values, bottoms, tops)
        return
    counts = [channels(shape) for shape in tops]
    if None in counts:
        yield from mixed(values, bottoms, tops)
        return
    start = 0
    for j, count in enumerate(filter(None, counts)):
        yield Link(0, j, np.arange(start, start + count), np.arange(count))
        start += count


def _shuffle_links(
    values: Values, bottoms: Sequence[Shape], tops: Sequence[Shape]
) -> Iterator[Link]:
    """Channels [0..7] of two groups become [0 4 1 5 2 6 3 7]."""
    shape = bottoms[0]
    if shape is None or len(shape) < 3 or shape[0] is None:
        yield from one_to_one(values, bottoms, tops)
        return
    rows = shape[0] // values.group if values.reverse else values.group
    sources = np.arange(shape[0]).reshape(rows, -1).T.ravel()
    yield Link(0, 0, sources, np.arange(shape[0]))


OPS = (
    Op(
        "Split",
        "Gives one blob to several readers: the tops share its data.",
        tops=SOME,
        shapes=same,
        scales=EQUAL,
    ),
    Op(
        "Concat",
        "Blobs one after the other along an axis.",
        (integer(0, "axis", 0, low=-4, high=3),),
        bottoms=SOME,
        shapes=_concat_shapes,
        scales=ScaleRule("equal", _concat_links),
    ),
    Op(
        "Slice",
        "Cuts a blob into several along an axis.",
        (integers(0, "slices"), integer(1, "axis", 0, low=-4, high=3), integers(2, "indices")),
        tops=_slice_tops,
        rules=(_check_slices,),
        shapes=_slice_shapes,
        scales=ScaleRule("equal", _slice_links),
    ),
    Op(
        "ShuffleChannel",
        "Interleaves the channels of several groups, so that groups exchange what they know.",
        (integer(0, "group", 1, low=1), flag(1, "reverse")),
        shapes=_shuffle_shapes,
        scales=ScaleRule("equal", _shuffle_links),
    ),
    Op(
        "Noop",
        "Does nothing; it may swallow blobs that nobody reads.",
        bottoms=SOME,
        tops=(0, 1),
        shapes=same,
    ),
    Op("DeepCopy", "A copy with memory of its own.", shapes=same, scales=EQUAL),
)

"""Shapes of blobs as far as they follow from parameters and from the shapes of the bottoms.

ncnn trusts its weights: a bottom with more channels than the weights are for makes it read
beyond them. The rules here find that before anything runs. What a rule does not know is None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.ops.op import Values

Shape = tuple[int | None, ...] | None
"""Lengths of the axes, the slowest first: (c, d, h, w), (c, h, w), (h, w) or (w,).

An axis is None if its length is not known, and the whole if even their number is not known.
"""

ShapeRule = Callable[["Values", Sequence[Shape], int], Sequence[Shape]]
"""Finds the shapes of the tops from the parameters, the bottoms' shapes, the number of tops."""

SAME_UPPER, SAME_LOWER = -233, -234


class MisfitError(ValueError):
    """The shapes of the bottoms do not fit the layer."""


def unknown(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    """Know nothing: the rule of an op without one."""
    return [None] * tops


def same(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    """Give each top the shape of the first bottom."""
    return [bottoms[0]] * tops


def known_size(shape: Shape) -> int | None:
    """Return the number of elements, or None if an axis is not known."""
    if shape is None or None in shape:
        return None
    return prod(length for length in shape if length is not None)


def require(what: str, needed: int, found: int | None) -> None:
    """Raise MisfitError if a length is known and not the one that the weights are for."""
    if found is not None and found != needed:
        raise MisfitError(f"its input has {found} {what}, and its weights are for {needed}")


def every_channel(size: str, least_axes: int = 1) -> ShapeRule:
    """Demand as many channels as the parameter `size` says, and keep the shape.

    Args:
        size: name of the parameter.
        least_axes: blobs with fewer axes have no channels for this op.
    """

    def rule(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
        shape = bottoms[0]
        if shape and len(shape) >= least_axes:
            require("channels", values[size], shape[0])
        return [shape] * tops

    return rule


def one_or_every_channel(size: str) -> ShapeRule:
    """Demand the same unless one number serves all channels."""
    return lambda values, bottoms, tops: (same if values[size] == 1 else every_channel(size))(
        values, bottoms, tops
    )


def merge(left: Shape, right: Shape) -> Shape:
    """Return the shape of two blobs that must be alike, knowing what either knows.

    Raises:
        MisfitError: they differ.
    """
    if left is None or right is None:
        return left or right
    if len(left) != len(right) or any(a != b for a, b in zip(left, right, strict=True) if a and b):
        raise MisfitError(f"its inputs have different shapes, {left} and {right}")
    return tuple(a or b for a, b in zip(left, right, strict=True))


def slide(length: int | None, window: int, stride: int, before: int, after: int) -> int | None:
    """Return how many windows fit along an axis.

    Args:
        length: of the axis, if known.
        window: elements from the first to the last of a window.
        stride: from one window to the next.
        before: border before the axis, or SAME_UPPER or SAME_LOWER for as much border as gives
            one window for each stride.
        after: border after the axis.

    Raises:
        MisfitError: not even one fits; ncnn would read beyond the blob.
    """
    if length is None:
        return None
    if before == after and before in (SAME_UPPER, SAME_LOWER):
        padded = max(length, window + (length - 1) // stride * stride)
    else:
        padded = length + max(before, 0) + max(after, 0)
    if padded < window:
        raise MisfitError(f"its window of {window} is larger than its input of {padded}")
    return (padded - window) // stride + 1

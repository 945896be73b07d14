"""An output blob brought to a size that can be looked at: a small map, or a curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.session.outputs import Pair

Array = NDArray[np.float32]
CURVE, MAP = 400, 96
"""At most so many points of a curve, and so many cells along a side of a map."""


@dataclass(frozen=True, eq=False)
class Plane:
    """What can be seen of one output, float and int8 on one scale.

    Attributes:
        expected, got: float32 (h, w), means of neighbours where there are too many; h is 1 for
            a curve. Both read-only.
        difference: float32 (h, w), int8 - float; of neighbours the farthest from 0.
        about: which part of the blob it is, in words.
    """

    expected: Array
    got: Array
    difference: Array
    about: str

    def __post_init__(self) -> None:
        for array in (self.expected, self.got, self.difference):
            array.setflags(write=False)


def plane_of(pair: Pair) -> Plane | None:
    """Return the part of an output that says most; None if both have different shapes.

    Of several planes it is the one where they differ most (largest sum of squares).
    """
    if not pair.same_shape:
        return None
    a, b = (_planes(array) for array in (pair.expected, pair.got))
    errors = np.square(b.astype(np.float64) - a).sum(axis=(1, 2))
    worst = int(errors.argmax())
    about = "" if len(a) == 1 else f"channel {worst} of {len(a)}, where they differ most"
    sides = [min(n, MAP if a.shape[1] > 1 else CURVE) for n in a.shape[1:]]
    expected, got = (_mean(part[worst], sides) for part in (a, b))
    return Plane(expected, got, _farthest(b[worst] - a[worst], sides), about)


def _planes(array: Array) -> Array:
    """As (planes, h, w); h is 1 for a vector."""
    if array.size == max(array.shape):
        return array.reshape(1, 1, -1)
    return array.reshape(-1, *array.shape[-2:])


def _mean(array: Array, sides: list[int]) -> Array:
    sums, counts = array.astype(np.float64), np.ones(array.shape)
    for axis, side in enumerate(sides):
        starts = _starts(array.shape[axis], side)
        sums, counts = (np.add.reduceat(part, starts, axis=axis) for part in (sums, counts))
    return (sums / counts).astype(np.float32)


def _farthest(array: Array, sides: list[int]) -> Array:
    high = low = array
    for axis, side in enumerate(sides):
        starts = _starts(array.shape[axis], side)
        high = np.maximum.reduceat(high, starts, axis=axis)
        low = np.minimum.reduceat(low, starts, axis=axis)
    return np.where(high > -low, high, low)


def _starts(size: int, wanted: int) -> NDArray[np.intp]:
    return np.arange(wanted) * size // wanted

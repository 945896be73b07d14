"""How the scales of an op's int8 bottoms and tops relate: the rules of scale propagation.

Three relations are enough. *Equal*: the op only moves, chooses or repeats elements, so that what
leaves it has the scale of what entered; a scale for each channel follows the channels. *Free*:
the op quantizes its bottom with a scale of its own and may requantize its top to any. *Rescaled*:
the op computes new values, and its arithmetic brings each bottom to the top's scale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.ops.shape_rules import Shape

if TYPE_CHECKING:
    from workbench.ops.op import Values

Relation = Literal["equal", "free", "rescaled"]
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Link:
    """Which channels of a bottom are which channels of a top.

    Attributes:
        bottom: position of the bottom.
        top: position of the top.
        sources: channels of the bottom, None if they are mixed, so that all need one scale.
        targets: for each of them the channel of the top.
    """

    bottom: int
    top: int
    sources: Indices | None = None
    targets: Indices | None = None


LinkRule = Callable[["Values", Sequence[Shape], Sequence[Shape]], Iterator[Link]]


def channels(shape: Shape) -> int | None:
    """Return the length of the first axis, along which a blob may have several scales."""
    return shape[0] if shape else None


def one_to_one(values: Values, bottoms: Sequence[Shape], tops: Sequence[Shape]) -> Iterator[Link]:
    """Channel c of each bottom is channel c of each top, where their numbers are equal."""
    for i, bottom in enumerate(bottoms):
        for j, top in enumerate(tops):
            count = channels(bottom)
            every = None if count is None or count != channels(top) else np.arange(count)
            yield Link(i, j, every, every)


def mixed(values: Values, bottoms: Sequence[Shape], tops: Sequence[Shape]) -> Iterator[Link]:
    """Any channel of a bottom may be part of any channel of a top."""
    for i in range(len(bottoms)):
        for j in range(len(tops)):
            yield Link(i, j)


@dataclass(frozen=True)
class ScaleRule:
    """How scales pass an op.

    Attributes:
        relation: equal, free or rescaled.
        links: how channels move.
        need: of a rescaled op, the scale a bottom should have for a top of a given scale; None
            if that says nothing about the bottom.
        gives: the scale that the op's range calls for whatever it computes from, e.g. 127 of a
            Sigmoid; None if there is none.
        reach: how many times as far as the top a bottom should reach, where no layer says more.
            A mean of n elements may have elements sqrt(n) times as large: then their rounding
            costs the mean no more than its own, and less of them is clipped.
        gated: `need` holds for a bottom only where the other one stays within -1 and 1.
    """

    relation: Relation
    links: LinkRule = one_to_one
    need: Callable[[float], float | None] = lambda scale: None
    gives: float | None = None
    reach: float = 1.0
    gated: bool = False


Scales = ScaleRule | Callable[["Values"], "ScaleRule | str"]
"""A rule, or what finds it from the parameters; a text says why there is none."""

FREE = ScaleRule("free")
EQUAL = ScaleRule("equal")
MOVED = ScaleRule("equal", mixed)


def wished(scale: float) -> float:
    """Wish for the top's own scale."""
    return scale


SAME_WISHED = ScaleRule("rescaled", need=wished)


def reaching(limit: float, gives: float | None = None) -> ScaleRule:
    """Rule of a function that follows its argument upwards, and is flat below -limit.

    The bottom's int8 must reach as far as the top's, and at least to `limit`.
    """
    return ScaleRule("rescaled", need=lambda scale: min(scale, 127 / limit), gives=gives)


def saturating(limit: float, gives: float) -> ScaleRule:
    """Rule of a function that is flat beyond -limit and limit."""
    return ScaleRule("rescaled", need=lambda scale: 127 / limit, gives=gives)

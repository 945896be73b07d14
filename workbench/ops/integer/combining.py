"""Sums, products and maxima of blobs, each in a scale of its own: BinaryOp, Eltwise.

The document: inputs of a sum are brought to the output's scale first, by stored multipliers,
widened to int32, added and clipped. The fork adds in int8, where 100 + 100 becomes -56.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import CalibrationError
from workbench.numerics.fixed_point import (
    Flavour,
    OverflowCounter,
    Rescale,
    prepare_rescale,
    rounding_divide,
)
from workbench.numerics.rounding import saturate
from workbench.ops.integer.rescaling import prepare_change, rescaled

Int8 = NDArray[np.int8]
Array = NDArray[Any]

_MOST_FACTORS = 4
_MOST_HEADROOM = 20

# --- offline ---


@dataclass(frozen=True)
class Term:
    """One blob of a sum.

    Attributes:
        change: to the scale of the sum, times the size of its weight; None: as it is.
        sign: of its weight: -1, 0 or 1.
    """

    change: Rescale | None
    sign: int


@dataclass(frozen=True)
class Sum:
    """A weighted sum of blobs.

    Attributes:
        terms: one for each blob.
        headroom: the sum is formed in units of 2^-headroom of a level, and rounded once.
        wraps: the sum is held in int8 and wraps modulo 256, as in the fork; to show why not.
    """

    terms: tuple[Term, ...]
    headroom: int = 0
    wraps: bool = False


def prepare_sum(
    scales: Sequence[Any],
    top_scale: Any,
    weights: Sequence[float] | None = None,
    *,
    flavour: Flavour = "one rounding",
    bits: int = 8,
    headroom: int = 0,
    wraps: bool = False,
) -> Sum:
    """Prepare a sum: BinaryOp add (weights 1, 1) and sub (1, -1), Eltwise sum with coeffs.

    Without headroom each term is rounded to a level by itself: two terms are off by up to 1,
    n terms by n / 2 (by "floor" up to n too low). With headroom h it is 1/2 + n 2^-(h+1), as
    TFLite adds (h = 20); where no scale changes the sum is exact either way.

    Args:
        scales: of the blobs, each float32, one or (channels,).
        top_scale: of the sum.
        weights: of the blobs; 1 each if not given.
        flavour: how the terms are multiplied.
        bits: of E, for "floor" and "rounded".
        headroom: 0 to 20, bits below a level.
        wraps: see `Sum`.

    Raises:
        CalibrationError: headroom or the number of weights is wrong, or a scale is no scale.
    """
    if not 0 <= headroom <= _MOST_HEADROOM or (wraps and headroom):
        raise CalibrationError(f"a headroom of {headroom} bits cannot be", advice="Use 0 to 20.")
    given = [1.0] * len(scales) if weights is None else list(weights)
    if len(given) != len(scales):
        raise CalibrationError(f"{len(scales)} blobs have {len(given)} weights")

    def term(scale: Any, weight: float) -> Term:
        if weight == 0:
            return Term(None, 0)
        wanted = np.asarray(top_scale, np.float64) * abs(weight)
        return Term(prepare_change(scale, wanted, flavour, bits), int(np.sign(weight)))

    return Sum(tuple(map(term, scales, given)), headroom, wraps)


def prepare_product(
    scales: Sequence[Any], top_scale: Any, flavour: Flavour = "one rounding", bits: int = 8
) -> Rescale:
    """Prepare a product of blobs: r = top_scale / (scale_1 * scale_2 * ...), one multiplier.

    Raises:
        CalibrationError: more than 4 blobs, whose product may leave int32.
    """
    if not 1 <= len(scales) <= _MOST_FACTORS:
        raise CalibrationError(
            f"a product of {len(scales)} int8 does not fit in int32",
            advice=f"Multiply at most {_MOST_FACTORS} blobs at once, or keep the layer in float.",
        )
    factors = [np.asarray(scale, np.float64) for scale in scales]
    with np.errstate(all="ignore"):
        real = np.asarray(top_scale, np.float64) / reduce(np.multiply, factors)
    return prepare_rescale(real, flavour, bits)


# --- runtime ---


def weighted_sum(
    bottoms: Sequence[Int8], prepared: Sum, counter: OverflowCounter | None = None
) -> Int8:
    """Add blobs in int32 and clip: BinaryOp add and sub, Eltwise sum.

    Args:
        bottoms: int8; blobs of unequal shapes stretch as in a BinaryOp.
        prepared: of as many terms.
        counter: of what leaves int32: terms while they are multiplied, and their sum.
    """
    shapes = [bottom.shape for bottom in bottoms]
    total = np.zeros((), np.int64)
    for bottom, term in zip(bottoms, prepared.terms, strict=True):
        fine = bottom.astype(np.int32) << prepared.headroom
        units = fine if term.change is None else term.change.apply(fine, counter=counter)
        total = total + term.sign * _laid(units.astype(np.int64), shapes)
    held = (counter or OverflowCounter()).hold(total)
    if prepared.wraps:
        return held.astype(np.int8)
    return saturate(rounding_divide(held, prepared.headroom))


def product(
    bottoms: Sequence[Int8], rescale: Rescale, counter: OverflowCounter | None = None
) -> Int8:
    """Multiply blobs in int32, then by one multiplier: BinaryOp mul, Eltwise prod.

    |result - exact| is that of the flavour: the product itself is exact.

    Args:
        bottoms: at most 4 int8; blobs of unequal shapes stretch as in a BinaryOp, so that
            (c,) or (c, 1, 1) times (c, h, w) is a squeeze-and-excitation.
        rescale: by `prepare_product`.
        counter: of what leaves int32.
    """
    shapes = [bottom.shape for bottom in bottoms]
    factors = (_laid(bottom.astype(np.int32), shapes) for bottom in bottoms)
    return saturate(rescale.apply(reduce(np.multiply, factors), counter=counter))


def largest(bottoms: Sequence[Int8], changes: Sequence[Rescale | None]) -> Int8:
    """Maximum of blobs that are brought to one scale first: BinaryOp max, Eltwise max."""
    return reduce(np.maximum, _in_one_scale(bottoms, changes))


def smallest(bottoms: Sequence[Int8], changes: Sequence[Rescale | None]) -> Int8:
    """Minimum of blobs that are brought to one scale first: BinaryOp min."""
    return reduce(np.minimum, _in_one_scale(bottoms, changes))


def _in_one_scale(bottoms: Sequence[Int8], changes: Sequence[Rescale | None]) -> list[Int8]:
    shapes = [bottom.shape for bottom in bottoms]
    pairs = zip(bottoms, changes, strict=True)
    return [_laid(rescaled(bottom, change), shapes) for bottom, change in pairs]


def _laid(x: Array, shapes: Sequence[tuple[int, ...]]) -> Array:
    """Give a blob the axes that it needs to stretch over the others, by ncnn's rule."""
    longest = max(shapes, key=len)
    if x.ndim == len(longest):
        return x
    ones = (1,) * (len(longest) - x.ndim)
    first = x.ndim > 1 or x.shape[0] == longest[0]
    return x.reshape((*x.shape, *ones) if first else (*ones, *x.shape))

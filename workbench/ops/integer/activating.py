"""Activations: bounds, slopes, and any function of one element by a table of 256 entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import CalibrationError
from workbench.numerics.fixed_point import Flavour, Rescale, multiplier8, prepare_rescale
from workbench.numerics.rounding import LIMIT, round_half_away, saturate
from workbench.ops.integer.rescaling import prepare_change, rescaled

Int8 = NDArray[np.int8]

# --- offline ---


@dataclass(frozen=True)
class Bounds:
    """Where levels are held: low and high, in [-127, 127]."""

    low: int
    high: int


EVERYTHING = Bounds(-LIMIT, LIMIT)
POSITIVE = Bounds(0, LIMIT)
"""A ReLU: zero is zero in every scale."""


def prepare_bounds(
    low: float, high: float, *scales: float, flavour: Flavour = "one rounding", bits: int = 8
) -> Bounds:
    """Turn real bounds into levels: max * top_scale, stored before runtime.

    With "floor" as the fork has it: int(high * E) >> F, where E / 2^F is the scale; otherwise
    rounded to the nearest level.

    Args:
        low: real units; -inf is no bound.
        high: real units; inf is no bound.
        scales: of the top; of several the largest holds, because the blob is made in it.
        flavour: "floor", or any other.
        bits: of E, for "floor".
    """
    scale = max(scales)

    def level(bound: float) -> int:
        if flavour == "floor" and np.isfinite(bound):
            multiplier = multiplier8(scale, bits)
            units = int(bound * int(multiplier.e[0]))
            f = multiplier.f
            levels = float(units >> f if f >= 0 else units << -f)
        else:
            levels = float(round_half_away(np.array([np.float64(bound) * scale]))[0])
        return int(min(max(levels, -LIMIT), LIMIT))

    return Bounds(level(low), level(high))


@dataclass(frozen=True, eq=False)
class Slopes:
    """A leaky ReLU: what levels are multiplied with below zero, and above it.

    Attributes:
        below: to |slope| of each channel, in the top's scale.
        signs: int8 (channels,), of the slopes: -1, 0 or 1.
        above: to the top's scale, or None if it is the bottom's.
    """

    below: Rescale
    signs: Int8
    above: Rescale | None

    def __post_init__(self) -> None:
        self.signs.setflags(write=False)


def prepare_slopes(
    slopes: Any,
    bottom_scale: Any,
    top_scale: Any,
    flavour: Flavour = "one rounding",
    bits: int = 8,
) -> Slopes:
    """Prepare a LeakyReLU (one slope) or a PReLU (one for each channel).

    Args:
        slopes: float32, one or (channels,); negative ones too.
        bottom_scale: float32, one or (channels,).
        top_scale: float32, one or (channels,).
        flavour: how levels are multiplied.
        bits: of E, for "floor" and "rounded".

    Raises:
        CalibrationError: a slope or a scale is not finite, or a scale not positive.
    """
    given = np.atleast_1d(np.asarray(slopes, np.float64))
    if not np.isfinite(given).all():
        raise CalibrationError("a slope is infinite or not a number")
    change = np.asarray(top_scale, np.float64) / np.asarray(bottom_scale, np.float64)
    # a slope of zero has no multiplier; its sign makes the product zero, so the smallest
    # number that the others have with it does
    sizes = np.abs(given)
    sizes[sizes == 0] = sizes[sizes > 0].min(initial=1.0)
    return Slopes(
        prepare_rescale(sizes * change, flavour, bits),
        np.sign(given).astype(np.int8),
        prepare_change(bottom_scale, top_scale, flavour, bits),
    )


def prepare_table(
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    bottom_scale: float,
    top_scale: float,
) -> Int8:
    """Tabulate a function of one element: table[q + 128] = int8(function(q / bottom) * top).

    Every entry is within half a level of the exact result, or at the end of the range.

    Args:
        function: float64 (256,) to float64 (256,), real units; what is not finite saturates,
            and NaN becomes -127.
        bottom_scale: of q.
        top_scale: of the entries.

    Returns:
        int8 (256,), read-only, for q = -128 to 127.
    """
    real = np.arange(-128, 128) / np.float64(bottom_scale)
    with np.errstate(all="ignore"):
        levels = round_half_away(np.asarray(function(real), np.float64) * np.float64(top_scale))
    table = saturate(levels)
    table.setflags(write=False)
    return table


# --- runtime ---


def relu(x: Int8) -> Int8:
    """Return max(0, q)."""
    return np.maximum(x, np.int8(0))


def clip(x: Int8, bounds: Bounds) -> Int8:
    """Hold levels between two bounds (Clip, ReLU6)."""
    return x.clip(np.int8(bounds.low), np.int8(bounds.high))


def leaky_relu(x: Int8, slopes: Slopes) -> Int8:
    """Multiply levels below zero with a slope, of all or of each channel (axis 0)."""
    signs = slopes.signs.reshape(-1, *[1] * (x.ndim - 1)).astype(np.int32)
    below = slopes.below.apply(x) * signs
    return np.where(x < 0, saturate(below), rescaled(x, slopes.above))


def look_up(x: Int8, table: Int8) -> Int8:
    """Replace each level by its entry in a table (`prepare_table`)."""
    return table[x.astype(np.int16) + 128]

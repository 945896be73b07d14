"""Activations: bounds, and any function of one element by a table of 256 entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.fixed_point import Flavour, multiplier8
from workbench.numerics.rounding import LIMIT, round_half_away, saturate

Int8 = NDArray[np.int8]

# --- offline ---


@dataclass(frozen=True)
class Bounds:
    """Where levels are held: low and high, in [-127, 127]."""

    low: int
    high: int


EVERYTHING = Bounds(-LIMIT, LIMIT)


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


def look_up(x: Int8, table: Int8) -> Int8:
    """Replace each level by its entry in a table (`prepare_table`)."""
    return table[x.astype(np.int16) + 128]

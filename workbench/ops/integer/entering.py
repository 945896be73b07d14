"""The network's input to int8: the one place where the runtime meets floats.

Source: xieydd/ncnn, src/layer/input.cpp.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.affine import quantize
from workbench.numerics.fixed_point import Multiplier8, OverflowCounter
from workbench.numerics.rounding import saturate

_FARTHEST = 2.0**62


def enter(x: NDArray[np.float32], scale: float) -> NDArray[np.int8]:
    """Round x * scale, a half away from zero, and saturate: within half a level of x * scale."""
    return quantize(x, np.float32(scale))


def enter_by_shift(
    x: NDArray[np.float32], multiplier: Multiplier8, counter: OverflowCounter | None = None
) -> NDArray[np.int8]:
    """Shift truncate(f32(x * E) + 1/2) to the right by F, and saturate: the document's form.

    The half is half a unit of the product, not of a level, so the shift rounds down; below zero
    the half and the truncation both go up, by up to one and a half units:
    -1 - 2^-F < result - x * E / 2^F < 3 * 2^-(F+1) while nothing saturates, for F >= 0.

    Args:
        x: float32, any shape, real units; NaN becomes 0.
        multiplier: of the scale (`multiplier8(scale)`).
        counter: of products that leave int32.
    """
    with np.errstate(over="ignore"):
        product = np.nan_to_num(x * np.float32(multiplier.e[0]), posinf=np.inf, neginf=-np.inf)
    units = np.trunc(product.astype(np.float64) + 0.5).clip(-_FARTHEST, _FARTHEST)
    held = (counter or OverflowCounter()).hold(units.astype(np.int64))
    if multiplier.f >= 0:
        return saturate(held >> min(multiplier.f, 63))
    return saturate(saturate(held).astype(np.int64) << min(-multiplier.f, 31))

"""One blob in another scale: Split and Slice whose readers want different scales, Dropout.

Cui Xin's way in the document: the blob is made with the larger scale; the branch that needs a
smaller one gets int8 * (smaller / larger), by a multiplier stored in advance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import CalibrationError
from workbench.numerics.fixed_point import Flavour, OverflowCounter, Rescale, prepare_rescale
from workbench.numerics.rounding import saturate

Int8 = NDArray[np.int8]

# --- offline ---


def prepare_change(
    scale_from: Any, scale_to: Any, flavour: Flavour = "one rounding", bits: int = 8
) -> Rescale | None:
    """Prepare the way from one scale to another: None if they are the same.

    Args:
        scale_from: float32, one or (channels,).
        scale_to: float32, one or (channels,).
        flavour: how the multiplier scale_to / scale_from is applied.
        bits: of E, for "floor" and "rounded".

    Raises:
        CalibrationError: a scale is not positive and finite.
    """
    before, after = np.asarray(scale_from, np.float64), np.asarray(scale_to, np.float64)
    if not (np.isfinite(before) & (before > 0)).all():
        raise CalibrationError("a scale is not positive and finite")
    if (before == after).all():
        return None
    return prepare_rescale(after / before, flavour, bits)


# --- runtime ---


def rescaled(
    x: NDArray[Any],
    change: Rescale | None,
    axis: int = 0,
    counter: OverflowCounter | None = None,
) -> Int8:
    """Bring a blob to another scale: int8, clipped; the same blob if there is no change."""
    return saturate(x if change is None else change.apply(x, axis, counter))

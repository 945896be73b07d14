"""Rounding and saturation: how a real number becomes an int8."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", np.float32, np.float64)
LIMIT = 127
"""The largest |q|. The range is [-127, 127], not [-128, 127]: it is symmetric, so -x is always
there when x is, and a product of two values is at most 127 * 127, which lets kernels add two
products in int16 (2 * 127 * 127 < 2^15, but 2 * 128 * 128 = 2^15)."""


def round_half_away(x: NDArray[F]) -> NDArray[F]:
    """Round to the nearest integer, a half away from zero: 0.5 -> 1, -2.5 -> -3.

    This is C's round(), not NumPy's, which takes halves to the even neighbour.

    Args:
        x: floating, any shape.

    Returns:
        Whole numbers in the same dtype and shape; infinities and NaN as they are.
    """
    # Adding 0.5 itself would take the number just below 0.5 to 1, because the sum is rounded;
    # the number just below 0.5 does it right everywhere.
    half = np.nextafter(x.dtype.type(0.5), x.dtype.type(0))
    result: NDArray[F] = np.trunc(x + np.copysign(half, x))
    return result


def saturate(x: NDArray[Any], limit: int = LIMIT) -> NDArray[np.int8]:
    """Clamp to [-limit, limit] and make int8.

    Args:
        x: whole numbers of any dtype and shape; NaN becomes -limit, as in ncnn on x86.
        limit: 1 to 127.

    Returns:
        int8, same shape.
    """
    # fmax and fmin step over a NaN, which a cast to int8 could not
    result: NDArray[np.int8] = np.fmin(np.fmax(x, -limit), limit).astype(np.int8)
    return result

"""Requantization of layers whose numbers cannot overflow: the same integers in fewer steps.

Bounds on sums and biases are known offline. Where they prove that every number fits, nothing has
to be counted, bias and half a level become one addition, and the work goes block by block, so
that a block stays in the cache:

    (sum + bias) * M + half  =  sum * M + (bias * M + half)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.fixed_point import Multiplier8
from workbench.numerics.requantize import blocks
from workbench.numerics.rounding import LIMIT
from workbench.ops.integer.requantizing import Requantization

_MOST = 1 << 31


@dataclass(frozen=True, eq=False)
class Quick:
    """int8 = clip((sum * factor + offset) >> places).

    Attributes:
        factor: int32 or int64 (channels, 1); the products have its dtype.
        offset: same dtype and shape.
        places: same dtype, (channels, 1) or ().
    """

    factor: NDArray[Any]
    offset: NDArray[Any]
    places: NDArray[Any]

    def run(self, sums: NDArray[np.int32]) -> NDArray[np.int8]:
        """Requantize: int32 (channels, n) to int8 (channels, n)."""
        result = np.empty(sums.shape, np.int8)
        for rows in blocks(sums.shape):
            wide = sums[rows].astype(self.factor.dtype)
            wide *= self.factor[rows]
            wide += self.offset[rows]
            wide >>= self.places[rows]
            levels = wide.astype(np.int32, copy=False)
            levels.clip(-LIMIT, LIMIT, out=levels)
            np.copyto(result[rows], levels, casting="unsafe")
        return result


def quick(prepared: Requantization, largest: NDArray[np.int64]) -> Quick | None:
    """Prepare the short way, or return None where it does not prove to be the same.

    Args:
        prepared: how the layer requantizes.
        largest: int64 (channels,), the largest |sum| that any input can give.
    """
    bias = np.zeros_like(largest) if prepared.before is None else prepared.before.astype(np.int64)
    most = largest + np.abs(bias)
    if prepared.after is not None or most.max() >= _MOST:
        return None
    multiplier, flavour = prepared.rescale.multiplier, prepared.rescale.flavour
    if isinstance(multiplier, Multiplier8):
        half = (1 << multiplier.f >> 1) if flavour == "rounded" and multiplier.f >= 0 else 0
        fits = 0 <= multiplier.f < 31 and (most * multiplier.e).max() + half < _MOST
        if not fits:
            return None
        factor = np.broadcast_to(multiplier.e, bias.shape)
        return _quick(factor, bias * factor + half, np.full(bias.shape, multiplier.f), np.int32)
    # levels stay in int32 while the multiplier is below 1, and int64 can be shifted by 62
    if flavour != "one rounding" or multiplier.shift.min() < 0 or multiplier.shift.max() > 31:
        return None
    places = np.broadcast_to(31 + multiplier.shift, bias.shape)
    factor = np.broadcast_to(multiplier.m0.astype(np.int64), bias.shape)
    return _quick(factor, bias * factor + (np.int64(1) << (places - 1)), places, np.int64)


def _quick(
    factor: NDArray[Any], offset: NDArray[Any], places: NDArray[Any], dtype: type[Any]
) -> Quick:
    columns = (np.ascontiguousarray(x, dtype)[:, None] for x in (factor, offset, places))
    return Quick(*columns)

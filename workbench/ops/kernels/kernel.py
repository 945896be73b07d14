"""The record of one integer kernel, and exact products of integer matrices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.rounding import LIMIT
from workbench.ops.op import Values

Sums = Callable[[NDArray[np.int8]], NDArray[Any]]
"""From an int8 blob to the integer sums of a layer, held exactly in floats."""


@dataclass(frozen=True)
class Kernel:
    """How an op computes with int8.

    Attributes:
        type: ncnn's layer type.
        sums: from a layer's parameters and int8 weights, the function that computes its sums.
        accepts: whether it can, given the parameters and the shape of the bottom blob.
        kind: by which of ncnn's kernels the layer runs (`workbench.engine.Arithmetic` knows how
            each rounds), given its parameters.
        channel_axis: the axis of the sums along which the weight scales lie.
        most: the |sum| from which on ncnn's kernel may be wrong, given the parameters.
    """

    type: str
    sums: Callable[[Values, NDArray[np.int8]], Sums]
    accepts: Callable[[Values, tuple[int, ...]], bool]
    kind: Callable[[Values], str]
    channel_axis: int
    most: Callable[[Values], float] = lambda values: inf


def exact_dtype(weight: NDArray[np.int8]) -> type[np.float32] | type[np.float64]:
    """Return the float type in which sums of weight * input are exact whatever the input.

    Every partial sum is at most 127 * sum |w| of its row; float32 has all integers up to 2^24.

    Args:
        weight: int8 (outputs, ...).
    """
    rows = np.abs(weight.reshape(weight.shape[0], -1).astype(np.int32)).sum(axis=1)
    return np.float32 if LIMIT * int(rows.max()) <= 1 << 24 else np.float64


def wrap(sums: NDArray[Any]) -> NDArray[Any]:
    """Bring sums that do not fit in 32 bits to what an int32 accumulator holds."""
    if sums.dtype == np.float64 and np.abs(sums).max(initial=0) >= 1 << 31:
        return sums.astype(np.int64).astype(np.int32).astype(np.float64)
    return sums

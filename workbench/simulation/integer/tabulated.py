"""Functions of one element as tables, one table for the blob or one for each channel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from workbench.ops import Values
from workbench.ops.integer.activating import look_up, prepare_table
from workbench.ops.integer.functions import function_of

Floats = NDArray[np.float64]
Scale = NDArray[np.float32]


def prepare_tables(
    type: str,
    values: Values,
    slopes: NDArray[np.float32] | None,
    bottom_scale: Scale,
    top_scale: Scale,
) -> NDArray[np.int8]:
    """Tabulate what a layer does to each element.

    Args:
        type: the layer type.
        values: its parameters.
        slopes: of a PReLU, float32 (channels,) or (1,).
        bottom_scale: float32, one or (channels,).
        top_scale: float32, one or (channels,).

    Returns:
        int8 (1, 256), or (channels, 256).
    """
    steepness = np.ones(1) if slopes is None else slopes.astype(np.float64)
    rows = np.broadcast_arrays(bottom_scale, top_scale, steepness)
    tables = [
        prepare_table(_function(type, values, slope), float(bottom), float(top))
        for bottom, top, slope in zip(*rows, strict=True)
    ]
    return np.stack(tables)


def tabulated(x: NDArray[np.int8], tables: NDArray[np.int8]) -> NDArray[np.int8]:
    """Look every element up: int8, axis 0 being that of the channels."""
    if tables.shape[0] == 1:
        return look_up(x, tables[0])
    rows = x.reshape(x.shape[0], -1).astype(np.int16) + 128
    return np.take_along_axis(tables, rows.astype(np.intp), axis=1).reshape(x.shape)


def _function(type: str, values: Values, slope: float) -> Callable[[Floats], Floats]:
    if type == "PReLU":
        return lambda x: np.where(x < 0, x * slope, x)
    found = function_of(type, values)
    if found is None:
        raise ValueError(f"{type} is no function of one element")
    return found


def is_tabulated(type: str, values: Values) -> bool:
    """Tell whether a layer is a function of each element alone."""
    return type == "PReLU" or function_of(type, values) is not None

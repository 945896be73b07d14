"""Pooling as an integer operation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.export.lowering.site import Site, multipliers
from workbench.ops import Values
from workbench.ops.integer.pooling import pool, prepare_mean, sums_and_areas
from workbench.simulation.integer.ops import Task

Array = NDArray[Any]


def lower_pooling(site: Site, task: Task) -> None:
    """Lower a Pooling: its windows as tables of rows and columns."""
    values, how, (bottom, top) = task.values, task.arithmetic, (site.bottoms[0], site.tops[0])
    shape = bottom.shape if len(bottom.shape) == 3 else (1, *bottom.shape)
    windows = _windows(values, shape[1:])
    numbers = {
        "channels": shape[0],
        "in_h": shape[1],
        "in_w": shape[2],
        "out_h": windows["row_start"].size,
        "out_w": windows["col_start"].size,
    }
    if not values.pooling_type:
        site.emit("max_pool", [bottom], top, numbers, windows)
        return
    if values.pad_mode > 1 and max(values[pad] for pad in _PADS) > 0:
        raise site.refuse("a mean with pad_mode 2 or 3 and pads of its own has no operation")
    areas = sums_and_areas(values, np.zeros((1, *shape[1:]), np.int8))[1].reshape(-1)
    if (areas == areas[0]).all():
        areas = areas[:1]
    arrays, numbers = windows | {"area": areas}, numbers | {"area_each": areas.size > 1}
    if task.change is not None:
        change = prepare_mean(task.bottom_scales[0], task.top_scales[0], how.flavour, how.bits)
        factors, each = multipliers(change)
        arrays, numbers = arrays | factors, numbers | each
    site.emit("mean_pool", [bottom], top, numbers, arrays)


def _windows(values: Values, size: tuple[int, ...]) -> dict[str, Array]:
    """Where each window starts and ends within the image, found by pooling its coordinates."""
    largest = Values({**values, "pooling_type": 0})
    found: dict[str, Array] = {}
    for axis, name in enumerate(("row", "col")):
        places = np.indices(size, np.int32)[axis][None]
        # everything above zero, so that it is above the border of a maximum
        ends = _reduced(pool(largest, places + 1), 1 - axis)
        starts = size[axis] - _reduced(pool(largest, size[axis] - places), 1 - axis)
        beside = ends < 1
        found[f"{name}_start"] = np.where(beside, 0, starts).astype(np.int32)
        found[f"{name}_end"] = np.where(beside, 0, ends).astype(np.int32)
    return found


def _reduced(pooled: Array, axis: int) -> Array:
    image = pooled.reshape(1, 1) if pooled.ndim == 1 else pooled[0]
    result: Array = image.max(axis=axis).astype(np.int64)
    return result


_PADS = ("pad_top", "pad_bottom", "pad_left", "pad_right")

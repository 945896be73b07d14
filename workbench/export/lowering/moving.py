"""Layers that move elements as integer operations."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.export.lowering.records import StoredBlob
from workbench.export.lowering.site import Site
from workbench.ops import Values
from workbench.ops.integer.bordering import pad, prepare_border
from workbench.ops.integer.moving import cut
from workbench.simulation.integer.ops import Task

Array = NDArray[Any]


def lower_same(site: Site, task: Task) -> None:
    """Lower what moves nothing: Split, Flatten, Reshape."""
    for top in site.tops:
        site.emit("same", site.bottoms, top)


def _copy(
    site: Site, bottom: StoredBlob, top: StoredBlob, axis: int, start: int, to_top: bool
) -> None:
    """Copy a part along an axis: out of the bottom (Slice), or into the top (Concat)."""
    small, large = (bottom, top) if to_top else (top, bottom)
    inside = prod(small.shape[axis:][1:])
    length, whole = small.shape[axis] * inside, large.shape[axis] * inside
    numbers = {
        "blocks": prod(small.shape[: axis % len(small.shape)]),
        "length": length,
        "from_start": 0 if to_top else start * inside,
        "from_step": length if to_top else whole,
        "to_start": start * inside if to_top else 0,
        "to_step": whole if to_top else length,
    }
    site.emit("copy", [bottom], top, numbers)


def lower_concat(site: Site, task: Task) -> None:
    """Lower a Concat: a copy for each bottom."""
    start, axis = 0, task.values.axis
    for bottom in site.bottoms:
        _copy(site, bottom, site.tops[0], axis, start, to_top=True)
        start += bottom.shape[axis]


def lower_slice(site: Site, task: Task) -> None:
    """Lower a Slice: a copy for each top."""
    start, axis, bottom = 0, task.values.axis, site.bottoms[0]
    places = np.arange(bottom.count).reshape(bottom.shape)
    for top, part in zip(site.tops, cut(task.values, places, len(site.tops)), strict=True):
        if part.shape != top.shape:
            raise site.refuse(f"its part {part.shape} is not {top.shape}")
        _copy(site, bottom, top, axis, start, to_top=False)
        start += top.shape[axis]


def lower_shuffle(site: Site, task: Task) -> None:
    """Lower a ShuffleChannel."""
    shape, values = site.bottoms[0].shape, task.values
    if len(shape) < 3 or shape[0] == 1:
        lower_same(site, task)
        return
    groups = shape[0] // values.group if values.reverse else values.group
    numbers = {"groups": groups, "size": shape[0] // groups, "plane": prod(shape[1:])}
    site.emit("shuffle", site.bottoms, site.tops[0], numbers)


def gathering(move: Callable[[Values, Array], Array]) -> Callable[[Site, Task], None]:
    """Any other op that moves elements: a table that says where each comes from."""

    def lower(site: Site, task: Task) -> None:
        bottom = site.bottoms[0]
        index = move(task.values, np.arange(bottom.count).reshape(bottom.shape))
        _emit_gather(site, index, np.zeros(0, np.int8))

    return lower


def _emit_gather(site: Site, index: Array, constants: Array) -> None:
    bottom, top = site.bottoms[0], site.tops[0]
    numbers = {"count": top.count, "inputs": bottom.count}
    arrays = {"index": index.reshape(-1).astype(np.int32)}
    if constants.size:
        arrays["constants"] = constants
    site.emit("gather", [bottom], top, numbers, arrays)


def lower_padding(site: Site, task: Task) -> None:
    """Lower a Padding: the levels of its border lie behind the elements of the blob."""
    bottom, levels = site.bottoms[0], prepare_border(task.values.value, task.bottom_scales[0])
    places = np.arange(bottom.count).reshape(bottom.shape)
    beyond: Any = bottom.count + np.arange(levels.size)
    _emit_gather(site, pad(task.values, places, beyond), levels)

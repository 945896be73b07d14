"""Layers without int8 weights as integer operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.export.lowering.records import StoredBlob
from workbench.export.lowering.site import Site, bounds, laid, multipliers
from workbench.numerics.rounding import LIMIT
from workbench.ops import Values
from workbench.ops.elementwise import BINARY, ELTWISE
from workbench.ops.integer.bordering import pad, prepare_border
from workbench.ops.integer.combining import prepare_product, prepare_sum
from workbench.ops.integer.moving import crop, cut, permute
from workbench.ops.integer.pooling import pool, prepare_mean, sums_and_areas
from workbench.ops.integer.resizing import nearest
from workbench.simulation.integer.ops import Task, limits
from workbench.simulation.integer.tabulated import is_tabulated, prepare_tables

Array = NDArray[Any]
Lower = Callable[[Site, Task], None]


def lower_other(site: Site, task: Task) -> None:
    """Lower a layer without int8 weights.

    Raises:
        GraphError: it has no plain operation.
    """
    lower = LOWERS.get(task.type)
    if lower is None and not is_tabulated(task.type, task.values):
        raise site.refuse("this layer has no plain integer operation yet")
    (lower or _table)(site, task)


def _same(site: Site, task: Task) -> None:
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


def _concat(site: Site, task: Task) -> None:
    start, axis = 0, task.values.axis
    for bottom in site.bottoms:
        _copy(site, bottom, site.tops[0], axis, start, to_top=True)
        start += bottom.shape[axis]


def _slice(site: Site, task: Task) -> None:
    start, axis, bottom = 0, task.values.axis, site.bottoms[0]
    places = np.arange(bottom.count).reshape(bottom.shape)
    for top, part in zip(site.tops, cut(task.values, places, len(site.tops)), strict=True):
        if part.shape != top.shape:
            raise site.refuse(f"its part {part.shape} is not {top.shape}")
        _copy(site, bottom, top, axis, start, to_top=False)
        start += top.shape[axis]


def _shuffle(site: Site, task: Task) -> None:
    shape, values = site.bottoms[0].shape, task.values
    if len(shape) < 3 or shape[0] == 1:
        _same(site, task)
        return
    groups = shape[0] // values.group if values.reverse else values.group
    numbers = {"groups": groups, "size": shape[0] // groups, "plane": prod(shape[1:])}
    site.emit("shuffle", site.bottoms, site.tops[0], numbers)


def _gather(move: Callable[[Values, Array], Array]) -> Lower:
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


def _pad(site: Site, task: Task) -> None:
    bottom, levels = site.bottoms[0], prepare_border(task.values.value, task.bottom_scales[0])
    places = np.arange(bottom.count).reshape(bottom.shape)
    beyond: Any = bottom.count + np.arange(levels.size)
    _emit_gather(site, pad(task.values, places, beyond), levels)


def _relu(site: Site, task: Task) -> None:
    if task.values.slope:
        _table(site, task)
    else:
        _clamp(site, np.array([0]), np.array([LIMIT]))


def _clip(site: Site, task: Task) -> None:
    how = task.arithmetic
    _clamp(site, *limits(task.values.min, task.values.max, task.top_scales[0], how))


def _clamp(site: Site, low: Array, high: Array) -> None:
    arrays, numbers = bounds(low, high)
    top = site.tops[0]
    site.emit("clamp", site.bottoms, top, laid(top.shape) | numbers, arrays)


def _table(site: Site, task: Task) -> None:
    table = prepare_tables(
        task.type, task.values, task.slopes, task.bottom_scales[0], task.top_scales[0]
    )
    top, each = site.tops[0], {"table_each": table.shape[0] > 1}
    site.emit("lookup", site.bottoms, top, laid(top.shape) | each, {"table": table})


def _pool(site: Site, task: Task) -> None:
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
    if values.pad_mode > 1 and max(values.pad_top, values.pad_left) > 0:
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


def _steps(site: Site) -> dict[str, int]:
    """How each of two bottoms is walked through beside the top, where one may stretch."""
    if len(site.bottoms) != 2:
        raise site.refuse(f"it combines {len(site.bottoms)} blobs, and only two have an operation")
    top = site.tops[0].shape
    numbers = laid(top)
    for name, bottom in zip("ab", site.bottoms, strict=True):
        if bottom.shape == top:
            steps = (prod(top[1:]), 1)
        elif bottom.count == top[0] == bottom.shape[0]:
            steps = (1, 0)
        elif bottom.count == 1:
            steps = (0, 0)
        else:
            raise site.refuse(f"blobs of {bottom.shape} and {top} have no operation")
        numbers |= {f"{name}_channel_step": steps[0], f"{name}_step": steps[1]}
    return numbers


def _sum(site: Site, task: Task, weights: Sequence[float]) -> None:
    how, numbers = task.arithmetic, _steps(site)
    prepared = prepare_sum(
        task.bottom_scales,
        task.top_scales[0],
        weights,
        flavour=how.flavour,
        bits=how.bits,
        headroom=how.headroom,
    )
    arrays: dict[str, Array] = {}
    for name, term in zip("ab", prepared.terms, strict=True):
        numbers[f"{name}_sign"] = term.sign
        if term.change is not None:
            factors, each = multipliers(term.change, f"{name}_")
            arrays, numbers = arrays | factors, numbers | each
    site.emit("sum", site.bottoms, site.tops[0], numbers | {"headroom": how.headroom}, arrays)


def _product(site: Site, task: Task) -> None:
    how, numbers = task.arithmetic, _steps(site)
    change = prepare_product(task.bottom_scales, task.top_scales[0], how.flavour, how.bits)
    arrays, each = multipliers(change)
    site.emit("product", site.bottoms, site.tops[0], numbers | each, arrays)


def _extreme(kind: str) -> Lower:
    def lower(site: Site, task: Task) -> None:
        taken = []
        for i, (bottom, scale) in enumerate(zip(site.bottoms, task.bottom_scales, strict=True)):
            change = task.change_of(scale)
            if change is not None:
                before, bottom = bottom, site.between(f"operand {i}", bottom, task.top_scales[0])
                site.rescale(before, bottom, change)
            taken.append(bottom)
        site.emit(kind, taken, site.tops[0], _steps(site))

    return lower


_TWO: Mapping[str, Lower] = {
    "add": lambda site, task: _sum(site, task, (1, 1)),
    "sub": lambda site, task: _sum(site, task, (1, -1)),
    "rsub": lambda site, task: _sum(site, task, (-1, 1)),
    "mul": _product,
    "max": _extreme("largest"),
    "min": _extreme("smallest"),
}


def _binary(site: Site, task: Task) -> None:
    (_table if task.values.with_scalar else _TWO[BINARY[task.values.op_type]])(site, task)


def _eltwise(site: Site, task: Task) -> None:
    kind, values = ELTWISE[task.values.op_type], task.values
    if kind == "sum":
        _sum(site, task, values.coeffs or (1.0,) * len(task.bottom_scales))
    else:
        _TWO["mul" if kind == "prod" else "max"](site, task)


LOWERS: Mapping[str, Lower] = MappingProxyType(
    {
        "Split": _same,
        "Flatten": _same,
        "Reshape": _same,
        "DeepCopy": _same,
        "Slice": _slice,
        "Concat": _concat,
        "ShuffleChannel": _shuffle,
        "Permute": _gather(permute),
        "Crop": _gather(crop),
        "Interp": _gather(nearest),
        "Padding": _pad,
        "Pooling": _pool,
        "ReLU": _relu,
        "Clip": _clip,
        "BinaryOp": _binary,
        "Eltwise": _eltwise,
    }
)

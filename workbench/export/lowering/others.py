"""Layers without int8 weights as integer operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.export.lowering.combining import TWO, lower_sum
from workbench.export.lowering.moving import (
    gathering,
    lower_concat,
    lower_padding,
    lower_same,
    lower_shuffle,
    lower_slice,
)
from workbench.export.lowering.pooling import lower_pooling
from workbench.export.lowering.site import Site, bounds, laid
from workbench.numerics.rounding import LIMIT
from workbench.ops.elementwise import BINARY, ELTWISE
from workbench.ops.integer.moving import crop, permute
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


def _binary(site: Site, task: Task) -> None:
    (_table if task.values.with_scalar else TWO[BINARY[task.values.op_type]])(site, task)


def _eltwise(site: Site, task: Task) -> None:
    kind, values = ELTWISE[task.values.op_type], task.values
    if kind == "sum":
        lower_sum(site, task, values.coeffs or (1.0,) * len(task.bottom_scales))
    else:
        TWO["mul" if kind == "prod" else "max"](site, task)


LOWERS: Mapping[str, Lower] = MappingProxyType(
    {
        "Split": lower_same,
        "Flatten": lower_same,
        "Reshape": lower_same,
        "DeepCopy": lower_same,
        "Slice": lower_slice,
        "Concat": lower_concat,
        "ShuffleChannel": lower_shuffle,
        "Permute": gathering(permute),
        "Crop": gathering(crop),
        "Interp": gathering(nearest),
        "Padding": lower_padding,
        "Pooling": lower_pooling,
        "ReLU": _relu,
        "Clip": _clip,
        "BinaryOp": _binary,
        "Eltwise": _eltwise,
    }
)

"""The integer arithmetic of each op, prepared: what a layer computes from int8 bottoms.

`PREPARERS` names for each layer type the function that turns scales into integers, offline;
what it returns runs on integers alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.graph import Layer
from workbench.numerics.fixed_point import OverflowCounter, Rescale
from workbench.ops import Values, values
from workbench.ops.elementwise import BINARY, ELTWISE
from workbench.ops.integer.activating import prepare_bounds, relu
from workbench.ops.integer.bordering import pad, prepare_border
from workbench.ops.integer.combining import (
    Sum,
    largest,
    prepare_product,
    prepare_sum,
    product,
    smallest,
    weighted_sum,
)
from workbench.ops.integer.moves import MOVES
from workbench.ops.integer.moving import concat, cut
from workbench.ops.integer.pooling import pool, prepare_mean
from workbench.ops.integer.rescaling import prepare_change
from workbench.simulation.integer.arithmetic import Arithmetic
from workbench.simulation.integer.scales import LayerScales
from workbench.simulation.integer.tabulated import is_tabulated, prepare_tables, tabulated

Array = NDArray[Any]
Scale = NDArray[np.float32]
Compute = Callable[[Sequence[Array], OverflowCounter], Sequence[Array]]


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be prepared.

    Attributes:
        type: the layer type.
        values: its parameters.
        tops: number of tops.
        bottom_scales: of the bottoms, as they are brought in.
        top_scales: of the tops as they come out.
        slopes: float32, the weights of a PReLU.
        arithmetic: how.
    """

    type: str
    values: Values
    tops: int
    bottom_scales: Sequence[Scale]
    top_scales: Sequence[Scale]
    slopes: NDArray[np.float32] | None
    arithmetic: Arithmetic

    @classmethod
    def of(
        cls, scales: LayerScales, slopes: NDArray[np.float32] | None, arithmetic: Arithmetic
    ) -> Task:
        """What a layer takes and gives."""
        layer = scales.layer
        entries = [entry for entry in scales.entries if entry is not None]
        tops = [top for top in scales.moved or scales.tops if top is not None]
        given = values(layer)
        return cls(layer.type, given, len(layer.tops), entries, tops, slopes, arithmetic)

    @property
    def change(self) -> Rescale | None:
        """From the first bottom's scale to the first top's."""
        return self.change_of(self.bottom_scales[0])

    def change_of(self, scale: Scale) -> Rescale | None:
        """From a scale to that of the first top."""
        how = self.arithmetic
        return prepare_change(scale, self.top_scales[0], how.flavour, how.bits)

    def weighted(self, weights: Sequence[float]) -> Sum:
        """A weighted sum of all bottoms."""
        how = self.arithmetic
        return prepare_sum(
            self.bottom_scales,
            self.top_scales[0],
            weights,
            flavour=how.flavour,
            bits=how.bits,
            headroom=how.headroom,
            wraps=how.add_wraps,
        )

    @property
    def product(self) -> Rescale:
        """From the product of all bottoms to the first top's scale."""
        how = self.arithmetic
        return prepare_product(self.bottom_scales, self.top_scales[0], how.flavour, how.bits)


def unable(layer: Layer) -> str:
    """Say why a layer without int8 weights cannot compute in integers; "" if it can."""
    given, what = values(layer), layer.type
    if layer.type == "BinaryOp" and not given.with_scalar:
        what = f"BinaryOp {BINARY[given.op_type]} of two blobs"
        known = BINARY[given.op_type] in _TWO
    else:
        known = layer.type in PREPARERS or is_tabulated(layer.type, given)
    return "" if known else f"{what} has no integer arithmetic"


def prepare(
    scales: LayerScales, slopes: NDArray[np.float32] | None, arithmetic: Arithmetic
) -> Compute:
    """Prepare a layer without int8 weights.

    Args:
        scales: what it takes and gives.
        slopes: of a PReLU.
        arithmetic: how to multiply and round.
    """
    task = Task.of(scales, slopes, arithmetic)
    return PREPARERS.get(task.type, _table)(task)


def _moving(move: Callable[[Values, Array], Array]) -> Callable[[Task], Compute]:
    def preparing(task: Task) -> Compute:
        return lambda bottoms, counter: (move(task.values, bottoms[0]),)

    return preparing


def _split(task: Task) -> Compute:
    return lambda bottoms, counter: (bottoms[0],) * task.tops


def _slice(task: Task) -> Compute:
    return lambda bottoms, counter: cut(task.values, bottoms[0], task.tops)


def _concat(task: Task) -> Compute:
    return lambda bottoms, counter: (concat(task.values, bottoms),)


def _relu(task: Task) -> Compute:
    if task.values.slope:
        return _table(task)
    return lambda bottoms, counter: (relu(bottoms[0]),)


def _clip(task: Task) -> Compute:
    low, high = limits(task.values.min, task.values.max, task.top_scales[0], task.arithmetic)
    return lambda bottoms, counter: (held(bottoms[0], low, high),)


def _pool(task: Task) -> Compute:
    how, change = task.arithmetic, None
    if task.values.pooling_type and task.change is not None:
        change = prepare_mean(task.bottom_scales[0], task.top_scales[0], how.flavour, how.bits)
    return lambda bottoms, counter: (pool(task.values, bottoms[0], change),)


def _pad(task: Task) -> Compute:
    level = prepare_border(task.values.value, task.bottom_scales[0])
    return lambda bottoms, counter: (pad(task.values, bottoms[0], level),)


def _sum(task: Task, weights: Sequence[float]) -> Compute:
    prepared = task.weighted(weights)
    return lambda bottoms, counter: (weighted_sum(bottoms, prepared, counter),)


def _product(task: Task) -> Compute:
    prepared = task.product
    return lambda bottoms, counter: (product(bottoms, prepared, counter),)


def _extreme(of: Callable[..., Array]) -> Callable[[Task], Compute]:
    def preparing(task: Task) -> Compute:
        changes = [task.change_of(scale) for scale in task.bottom_scales]
        return lambda bottoms, counter: (of(bottoms, changes),)

    return preparing


_TWO: Mapping[str, Callable[[Task], Compute]] = {
    "add": lambda task: _sum(task, (1, 1)),
    "sub": lambda task: _sum(task, (1, -1)),
    "rsub": lambda task: _sum(task, (-1, 1)),
    "mul": _product,
    "max": _extreme(largest),
    "min": _extreme(smallest),
}


def _binary(task: Task) -> Compute:
    if task.values.with_scalar:
        return _table(task)
    return _TWO[BINARY[task.values.op_type]](task)


def _eltwise(task: Task) -> Compute:
    match ELTWISE[task.values.op_type]:
        case "prod":
            return _product(task)
        case "sum":
            return _sum(task, task.values.coeffs or (1.0,) * len(task.bottom_scales))
    return _extreme(largest)(task)


def _table(task: Task) -> Compute:
    """Any function of one element: 256 entries, or so many for each channel."""
    tables = prepare_tables(
        task.type, task.values, task.slopes, task.bottom_scales[0], task.top_scales[0]
    )
    return lambda bottoms, counter: (tabulated(bottoms[0], tables),)


def limits(
    low: float, high: float, scale: Scale, arithmetic: Arithmetic
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Turn real bounds into levels, for each scale: int8, the shape of `scale`."""
    how = arithmetic
    pairs = [prepare_bounds(low, high, float(s), flavour=how.flavour, bits=how.bits) for s in scale]
    return np.array([p.low for p in pairs], np.int8), np.array([p.high for p in pairs], np.int8)


def held(x: Array, low: NDArray[np.int8], high: NDArray[np.int8]) -> Array:
    """Hold levels between bounds, one for all or one for each channel (axis 0)."""
    shape = (-1, *[1] * (x.ndim - 1))
    return x.clip(low.reshape(shape), high.reshape(shape))


PREPARERS: Mapping[str, Callable[[Task], Compute]] = MappingProxyType(
    {
        "Split": _split,
        "Slice": _slice,
        "Concat": _concat,
        **{type: _moving(move) for type, move in MOVES.items()},
        "Padding": _pad,
        "Pooling": _pool,
        "ReLU": _relu,
        "Clip": _clip,
        "BinaryOp": _binary,
        "Eltwise": _eltwise,
    }
)

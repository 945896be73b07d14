"""Layers of two blobs as integer operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from workbench.export.lowering.site import Site, laid, multipliers
from workbench.simulation.integer.ops import Task

Array = NDArray[Any]


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


def lower_sum(site: Site, task: Task, weights: Sequence[float]) -> None:
    """Lower a weighted sum of two blobs: BinaryOp add and sub, Eltwise sum."""
    prepared, numbers = task.weighted(weights), _steps(site)
    arrays: dict[str, Array] = {}
    for name, term in zip("ab", prepared.terms, strict=True):
        numbers[f"{name}_sign"] = term.sign
        if term.change is not None:
            factors, each = multipliers(term.change, f"{name}_")
            arrays, numbers = arrays | factors, numbers | each
    site.emit("sum", site.bottoms, site.tops[0], numbers | {"headroom": prepared.headroom}, arrays)


def _product(site: Site, task: Task) -> None:
    numbers = _steps(site)
    arrays, each = multipliers(task.product)
    site.emit("product", site.bottoms, site.tops[0], numbers | each, arrays)


def _extreme(kind: str) -> Callable[[Site, Task], None]:
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


TWO: Mapping[str, Callable[[Site, Task], None]] = MappingProxyType(
    {
        "add": lambda site, task: lower_sum(site, task, (1, 1)),
        "sub": lambda site, task: lower_sum(site, task, (1, -1)),
        "rsub": lambda site, task: lower_sum(site, task, (-1, 1)),
        "mul": _product,
        "max": _extreme("largest"),
        "min": _extreme("smallest"),
    }
)

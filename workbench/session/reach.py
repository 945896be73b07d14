"""How far a change of the plan can reach: whose errors it makes stale."""

from __future__ import annotations

from collections.abc import Collection

from workbench.calibration.plan import Plan
from workbench.graph import Graph
from workbench.simulation.propagate import requantized


def touched(graph: Graph, before: Plan, after: Plan) -> frozenset[str]:
    """The layers that may compute otherwise in themselves.

    They are those with another decision, and those that hand int8 on in the scale of such a one
    or that begin or cease to hand int8 on.
    """
    changed = {new.layer for old, new in zip(before, after, strict=True) if old != new}
    if not changed:
        return frozenset()
    old, new = (requantized(graph, _in_int8(plan)) for plan in (before, after))
    handing = (
        layer
        for layer in old.keys() | new.keys()
        if old.get(layer) != new.get(layer) or new[layer] in changed
    )
    return frozenset(changed.union(handing))


def _in_int8(plan: Plan) -> list[str]:
    return [decision.layer for decision in plan if not decision.keep_float]


def downstream(graph: Graph, layers: Collection[str]) -> frozenset[str]:
    """These layers, and all that read what comes of them."""
    found, blobs = set(), set[str]()
    for layer in graph.layers:
        if layer.name in layers or not blobs.isdisjoint(layer.bottoms):
            found.add(layer.name)
            blobs.update(layer.tops)
    return frozenset(found)

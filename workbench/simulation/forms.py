"""In which arithmetic each layer of a calibrated network computes, and what it hands on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from workbench.calibration.plan import Plan
from workbench.graph import Graph
from workbench.simulation.propagate import requantized

Form = Literal["dequantized", "requantized", "kept", "float", "passed"]


def forms(graph: Graph, plan: Plan) -> Mapping[str, Form]:
    """Tell how each layer computes in ncnn today (the scheme "requantize").

    Args:
        graph: the network.
        plan: decisions for it.

    Returns:
        For each layer by name: "dequantized" (int8 inside, float out), "requantized" (int8
        inside, int8 handed on), "kept" (float, because the plan says so), "float" (float,
        because int8 weights cannot be given to it), "passed" (an Input or a Split, which only
        hands on what it gets).
    """
    int8 = {decision.layer for decision in plan if not decision.keep_float}
    handing = requantized(graph, int8)
    found: dict[str, Form] = {
        layer.name: "passed" if layer.type in ("Input", "Split") else "float"
        for layer in graph.layers
    }
    for decision in plan:
        name = decision.layer
        found[name] = (
            "kept" if name not in int8 else "requantized" if name in handing else "dequantized"
        )
    return MappingProxyType(found)

"""A network in words: its layers, its weights, and what a calibration table says of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.calibration.plan import Plan
from workbench.export.examination import examine
from workbench.export.table import plan_of
from workbench.formats.param import read_param
from workbench.formats.table import read_text
from workbench.graph import Graph, Layer
from workbench.model import Model, load_model
from workbench.ops import op_of


def describe(param: Path, weights: Path | None = None, table: Path | None = None) -> str:
    """Describe a network's files as text: one line a layer, then a summary.

    With a table each layer's scale is shown, and after all what is wrong with the table; a layer
    whose rows cannot be used counts as float.

    Raises:
        WorkbenchError: a file is not what it should be.
    """
    if weights is None:
        graph = read_param(param)
        return "\n".join([_columns([_links(layer) for layer in graph.layers]), _summary(graph)])
    model = load_model(param, weights)
    examined = examine(read_text(table), model) if table else None
    plan = plan_of(examined.table, model) if examined else None
    rows = [
        [*_links(layer), _weights(model, layer), _int8(layer, plan)] for layer in model.graph.layers
    ]
    found = examined.findings if examined else ()
    findings = [f"{finding.severity}: {finding.message(table)}" for finding in found]
    return "\n".join([_columns(rows), _summary(model.graph), _weight_summary(model), *findings])


def _links(layer: Layer) -> list[str]:
    return [layer.type, layer.name, f"{' '.join(layer.bottoms)} -> {' '.join(layer.tops)}"]


def _weights(model: Model, layer: Layer) -> str:
    return " ".join(f"{w.name} {w.count} {w.encoding}" for w in model.weights.get(layer.name, ()))


def _int8(layer: Layer, plan: Plan | None) -> str:
    if plan is None or layer.name not in plan.by_name:
        return ""
    decision = plan[layer.name]
    if decision.keep_float:
        return "float"
    return f"scale {decision.scale:.6g} threshold {decision.threshold:.6g}"


def _columns(rows: Sequence[Sequence[str]]) -> str:
    """Align all columns but the last."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


def _summary(graph: Graph) -> str:
    unknown = sorted({layer.type for layer in graph.layers if op_of(layer) is None})
    lines = [
        f"{len(graph.layers)} layers, {len(graph.blobs)} blobs; "
        f"inputs: {', '.join(graph.inputs)}; outputs: {', '.join(graph.outputs)}"
    ]
    if unknown:
        lines.append(f"layer types that the workbench does not know: {', '.join(unknown)}")
    return "\n".join(lines)


def _weight_summary(model: Model) -> str:
    numbers = sum(weight.count for parts in model.weights.values() for weight in parts)
    return f"{numbers} weights; {len(model.quantizable)} layers can be quantized"

"""The calibration table as a file, both ways: from a plan, and back to one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workbench.calibration.plan import BY_HAND, LayerPlan, Plan, scale_channels
from workbench.errors import FormatError
from workbench.formats.table import WEIGHT_SUFFIX, Table, read_table, write_table
from workbench.graph import Layer
from workbench.model import Model


def save_table(plan: Plan, path: str | Path) -> None:
    """Write a plan as the calibration table that ncnn's converter (ncnn2int8) takes.

    Layers kept in float have no rows.
    """
    write_table(plan.table, path)


def load_table(path: str | Path, model: Model) -> Plan:
    """Read a calibration table as decisions for a network's layers.

    A layer without rows is kept in float. Scales have the digits that the file gives them.

    Raises:
        FormatError: a row is malformed, names no quantizable layer, has the wrong count of
            numbers, or lacks its partner; with the line.
    """
    table = read_table(path)
    _check_names(table, model, str(path))
    decisions = tuple(_decision(table, layer, str(path)) for layer in model.quantizable)
    return Plan(decisions, model.sha256)


def _check_names(table: Table, model: Model, path: str) -> None:
    known = {layer.name for layer in model.quantizable}
    for name in (*table.weights, *table.blobs):
        if name not in known:
            row = name if name in table.blobs else name + WEIGHT_SUFFIX
            raise FormatError(
                f"row {row!r} names no layer of the network that can be quantized",
                where=_place(table, path, row),
                advice="Correct the name, or delete the row; ncnn would ignore it silently.",
            )


def _decision(table: Table, layer: Layer, path: str) -> LayerPlan:
    name, row = layer.name, layer.name + WEIGHT_SUFFIX
    weights, blob = table.weights.get(name), table.blobs.get(name)
    count = scale_channels(layer)
    if weights is None and blob is None:
        return LayerPlan(name, layer.type, BY_HAND, 0.0, 8, (1.0,) * count, keep_float=True)
    if weights is None or blob is None:
        there, lacks = (name, row) if weights is None else (row, name)
        raise FormatError(
            f"row {there!r} has no partner {lacks!r}",
            where=_place(table, path, there),
            advice="Give both rows, or delete both to keep the layer in float.",
        )
    for key, scales, expected in ((row, weights, count), (name, blob, 1)):
        if len(scales) != expected:
            raise FormatError(
                f"row {key!r} has {len(scales)} numbers, the layer needs {expected}",
                where=_place(table, path, key),
            )
    scale = np.float32(blob[0])
    return LayerPlan(name, layer.type, BY_HAND, float(np.float32(127) / scale), 8, weights)


def _place(table: Table, path: str, row: str) -> str:
    return f"{path}:{table.lines[row]}"

"""The calibration table as a file, both ways: from a plan, and back to one."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.calibration.plan import BY_HAND, LayerPlan, Plan, scale_channels, six_bits_by_rule
from workbench.errors import WorkbenchWarning
from workbench.export.examination import examine
from workbench.formats.table import Table, read_text, write_table
from workbench.graph import Layer
from workbench.model import Model
from workbench.numerics.weights import LEVELS, quantize_weights


def save_table(plan: Plan, path: str | Path) -> None:
    """Write a plan as the calibration table that ncnn's converter (ncnn2int8) takes.

    Layers kept in float have no rows.
    """
    write_table(plan.table, path)


def load_table(path: str | Path, model: Model) -> Plan:
    """Read a calibration table as decisions for a network's layers.

    A layer without rows is kept in float. Scales have the digits that the file gives them.
    What ncnn would read otherwise than it is meant is told as a warning.

    Raises:
        FormatError: a row is malformed, names no quantizable layer, has the wrong count of
            numbers, or lacks its partner; with the line.
    """
    examined = examine(read_text(path), model)
    examined.check(str(path))
    for finding in examined.findings:
        warnings.warn(finding.message(path), WorkbenchWarning, stacklevel=2)
    return plan_of(examined.table, model)


def plan_of(table: Table, model: Model) -> Plan:
    """Turn the rows of a table that fits a network into decisions."""
    decisions = tuple(_decision(table, layer, model) for layer in model.quantizable)
    return Plan(decisions, model.sha256)


def _decision(table: Table, layer: Layer, model: Model) -> LayerPlan:
    if layer.name not in table.blobs:
        ones = (1.0,) * scale_channels(layer)
        return LayerPlan(layer.name, layer.type, BY_HAND, 0.0, 8, ones, keep_float=True)
    # in float64, from which the float32 scale comes back to the last bit
    threshold = 127 / float(np.float32(table.blobs[layer.name][0]))
    scales = table.weights[layer.name]
    bits = _bits(model, layer, np.array(scales, np.float32))
    return LayerPlan(layer.name, layer.type, BY_HAND, threshold, bits, scales)


def _bits(model: Model, layer: Layer, scales: NDArray[np.float32]) -> int:
    """A table does not say the bits: they are 6 where the rule asks for them and 31 suffices."""
    if not six_bits_by_rule(layer):
        return 8
    levels = np.abs(quantize_weights(model.weight(layer.name, "weight"), scales).astype(int))
    return 6 if levels.max(initial=0) <= LEVELS[6] else 8

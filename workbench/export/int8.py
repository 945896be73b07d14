"""The int8 network: what ncnn's own converter (ncnn2int8) makes of a network and its table.

Each layer with scales gets int8 weights, one scale for each output channel (group if it is
depthwise) and the scale of its bottom blob; a convolution that hands int8 on gets the scale of
its top blob too (`workbench.simulation.propagate`). Parameter 8, int8_scale_term, says so: 2 for a
Convolution or InnerProduct, 1 for a ConvolutionDepthWise, and 100 more for a top scale.

    weight_int8 = saturate(round(weight * scale))

All other weights are stored in half precision. Source: Tencent/ncnn,
tools/quantize/ncnn2int8.cpp and tools/modelwriter.h.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from workbench.calibration.plan import Plan
from workbench.errors import CalibrationError, FormatError, WorkbenchWarning
from workbench.export.examination import examine
from workbench.formats.table import Table, format_table
from workbench.formats.weights import Weight, Weights
from workbench.graph import Graph, Layer
from workbench.model import Model, save_model
from workbench.simulation.propagate import requantized
from workbench.simulation.quantized import QuantizedLayer, quantized_layer
from workbench.simulation.storage import exceeds_half, stored, stored_weights

UNASKED = ("Embed", "Gemm", "GRU", "LSTM", "MultiHeadAttention", "RNN")
"""Types whose weights ncnn's converter makes int8 whatever the table says."""


def warn(remark: str) -> None:
    """Give a remark as a WorkbenchWarning."""
    warnings.warn(remark, WorkbenchWarning, stacklevel=3)


def export_int8(
    model: Model,
    plan: Plan | Table,
    param_path: str | Path,
    bin_path: str | Path,
    tell: Callable[[str], object] = warn,
) -> None:
    """Write the int8 network that ncnn's converter makes of the same table.

    The .bin file is the same to the byte, the .param file in what it says. One thing is left
    out: the converter also quantizes recurrent layers, Gemm, Embed and MultiHeadAttention, for
    which a table has no rows; here they stay float.

    Args:
        model: the float network.
        plan: the decisions, or the rows of a table.
        param_path: the .param file, which is replaced if it exists.
        bin_path: the .bin file, which is replaced if it exists.
        tell: called with each remark; by default it warns.

    Raises:
        CalibrationError: the plan is for another network.
        FormatError: a scale cannot be used, a layer is int8 already, or a file cannot be
            written; the files of the float network are never overwritten.
    """
    _check_paths(model, Path(param_path), Path(bin_path))
    unasked = [str(layer) for layer in model.graph.layers if layer.type in UNASKED]
    if unasked:
        about = f"stay float, and ncnn2int8 would quantize them unasked: {', '.join(unasked)}."
        tell(about)
    save_model(int8_model(model, plan, tell), param_path, bin_path)


def int8_model(model: Model, plan: Plan | Table, tell: Callable[[str], object] = warn) -> Model:
    """Return the int8 network that `export_int8` writes.

    Args:
        model: the float network.
        plan: the decisions, whose scales are rounded as a written table would round them, or
            the rows of a table.
        tell: called with each remark; by default it warns.

    Raises:
        CalibrationError: the plan is for another network.
        FormatError: a scale cannot be used, or a layer is int8 already.
    """
    table = _checked(model, plan, tell)
    tops = requantized(model.graph, table.blobs)
    int8 = {
        name: _quantized(model, name, table, table.blobs[tops[name]] if name in tops else ())
        for name in table.blobs
    }
    graph = Graph(
        tuple(
            int8[layer.name].int8_layer if layer.name in int8 else layer
            for layer in model.graph.layers
        )
    )
    weights = {
        layer.name: tuple(
            map(stored, int8[layer.name].int8_weights)
            if layer.name in int8
            else _float_weights(model, layer, tell)
        )
        for layer in graph.layers
    }
    return Model(graph, Weights(weights, model.rest))


def _checked(model: Model, plan: Plan | Table, tell: Callable[[str], object]) -> Table:
    """Return the rows that a written table would have, once they are known to fit."""
    if isinstance(plan, Table):
        examine(format_table(plan), model).check("table")
        return plan
    if plan.model_sha256 != model.sha256:
        advice = "Calibrate this one, or load its table."
        raise CalibrationError("the plan was made for another network", advice=advice)
    written = examine(format_table(plan.table), model)
    written.check("table")
    for finding in written.findings:
        tell(finding.message("table"))
    return written.table


def _quantized(model: Model, name: str, table: Table, top: tuple[float, ...]) -> QuantizedLayer:
    return quantized_layer(
        model,
        name,
        np.array(table.weights[name], np.float32),
        np.float32(table.blobs[name][0]),
        np.float32(top[0]) if top else None,
    )


def _float_weights(model: Model, layer: Layer, tell: Callable[[str], object]) -> Iterable[Weight]:
    for weight in model.weights.get(layer.name, ()):
        if exceeds_half(weight) and layer.type != "MemoryData":
            about = f"layer {layer.name}: {weight.name} has numbers beyond float16 and stays"
            tell(f"{about} {weight.encoding}.")
    return stored_weights(model, layer)


def _check_paths(model: Model, param: Path, bin: Path) -> None:
    sources = {Path(path).resolve() for path in (model.param_path, model.bin_path) if path}
    for path, other in ((param, bin), (bin, param)):
        if path.resolve() in sources:
            raise FormatError("this is the float network", where=str(path), advice="Name another.")
        if path.resolve() == other.resolve():
            raise FormatError("both files have one name", where=str(path))
        if not path.resolve().parent.is_dir():
            raise FormatError("there is no such folder", where=str(path.parent))

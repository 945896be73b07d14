"""Layers with int8 weights and scales: the numbers that ncnn reads from an int8 network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.calibration.plan import LayerPlan, Plan
from workbench.errors import CalibrationError
from workbench.formats.table import Table, format_table
from workbench.formats.weights import Weight
from workbench.graph import Layer
from workbench.model import Model
from workbench.numerics.fixed_point import bias_int32
from workbench.numerics.weights import quantize_weights
from workbench.simulation.propagate import requantized
from workbench.simulation.storage import without_tiny

_TERM = {"Convolution": 2, "ConvolutionDepthWise": 1, "InnerProduct": 2}
_TERM_KEY = 8
_GIVES_INT8 = 100


@dataclass(frozen=True, eq=False)
class QuantizedLayer:
    """One layer in int8.

    Attributes:
        layer: the layer as the float network has it.
        weight: int8, in its shape: (num_output, channels, kernel_h, kernel_w), or
            (num_output, inputs) of an InnerProduct.
        bias: float32 (num_output,), or None.
        weight_scales: float32, one for each output channel (group of a ConvolutionDepthWise).
        bottom_scale: float32 scale of the bottom blob.
        top_scale: float32 scale of the top blob, or None if the top is float.
    """

    layer: Layer
    weight: NDArray[np.int8]
    bias: NDArray[np.float32] | None
    weight_scales: NDArray[np.float32]
    bottom_scale: np.float32
    top_scale: np.float32 | None = None

    @property
    def channel_scales(self) -> NDArray[np.float32]:
        """The weight scale of each output channel: float32 (num_output,)."""
        return np.repeat(self.weight_scales, self.weight.shape[0] // self.weight_scales.size)

    @property
    def bias_units(self) -> NDArray[np.int32] | None:
        """The bias in units of the sums: int32 (num_output,), or None."""
        if self.bias is None:
            return None
        return bias_int32(self.bias, self.channel_scales, self.bottom_scale)

    @property
    def key(self) -> bytes:
        """Equal for two quantizations of one layer that compute the same."""
        return _key(self.weight_scales, self.bottom_scale, self.top_scale)

    @property
    def int8_layer(self) -> Layer:
        """The layer's line in the int8 network: int8_scale_term (key 8) is set."""
        term = _TERM[self.layer.type] + _GIVES_INT8 * (self.top_scale is not None)
        layer, params = self.layer, {**self.layer.params, _TERM_KEY: term}
        return Layer(layer.type, layer.name, layer.bottoms, layer.tops, params)

    @property
    def int8_weights(self) -> tuple[Weight, ...]:
        """The layer's arrays in the .bin file of the int8 network, in order."""
        arrays: dict[str, Any] = {
            "bias": self.bias,
            "weight_int8_scales": self.weight_scales,
            "bottom_int8_scales": self.bottom_scale,
            "top_int8_scales": self.top_scale,
        }
        raw = (Weight.of(name, array) for name, array in arrays.items() if array is not None)
        return (Weight.of("weight", self.weight, "int8"), *raw)


def quantized_layers(
    model: Model, plan: Plan, fuse: bool, known: Mapping[str, QuantizedLayer] = MappingProxyType({})
) -> dict[str, QuantizedLayer]:
    """Quantize the weights of every layer that a plan does not keep in float.

    Args:
        model: the float network.
        plan: decisions for it.
        fuse: whether adjacent convolutions hand int8 on (`requantized`).
        known: layers of this network that are quantized already; those that would come out
            the same are taken from here.

    Returns:
        The layers in int8, by name.

    Raises:
        CalibrationError: the plan is for another network.
    """
    decisions = int8_decisions(model, plan)
    readers = requantized(model.graph, decisions) if fuse else {}
    found = {}
    for name, decision in decisions.items():
        scales, bottom = written_scales(decision)
        top = written_scales(decisions[readers[name]])[1] if name in readers else None
        same = name in known and known[name].key == _key(scales, bottom, top)
        found[name] = known[name] if same else quantized_layer(model, name, scales, bottom, top)
    return found


def _key(weights: NDArray[np.float32], bottom: np.float32, top: np.float32 | None) -> bytes:
    tops = () if top is None else (top,)
    return np.array([bottom, *tops], np.float32).tobytes() + weights.tobytes()


def int8_decisions(model: Model, plan: Plan) -> dict[str, LayerPlan]:
    """Return the decisions of a plan for the layers that are to run in int8, by name.

    Raises:
        CalibrationError: the plan is for another network.
    """
    if plan.model_sha256 != model.sha256:
        raise CalibrationError(
            "the plan was made for another network", advice="Calibrate this network."
        )
    return {decision.layer: decision for decision in plan if not decision.keep_float}


def quantized_layer(
    model: Model,
    name: str,
    scales: NDArray[np.float32],
    bottom_scale: np.float32,
    top_scale: np.float32 | None,
) -> QuantizedLayer:
    """Quantize one layer's weights by their scales; the bias is as ncnn would store it."""
    weight = model.weight(name, "weight")
    quantized = quantize_weights(weight, scales).reshape(weight.shape)
    quantized.setflags(write=False)
    has_bias = any(array.name == "bias" for array in model.weights[name])
    bias = without_tiny(model.weight(name, "bias")) if has_bias else None
    layer = model.graph.by_name[name]
    return QuantizedLayer(layer, quantized, bias, scales, bottom_scale, top_scale)


@lru_cache(maxsize=4096)
def written_scales(decision: LayerPlan) -> tuple[NDArray[np.float32], np.float32]:
    """Return the weight scales and the bottom scale that a calibration table hands to ncnn.

    A table has a few decimals, so what reads it does not see the scales themselves.
    """
    rows = format_table(Table({}, {"w": decision.weight_scales, "b": (decision.scale,)}))
    weights, bottom = (np.array(row.split()[1:], np.float32) for row in rows.splitlines())
    weights.setflags(write=False)
    return weights, bottom[0]

"""The decisions of a calibration: for each layer a threshold, a scale, weight bits, or float.

A plan is immutable; a change of mind is a new plan. Source of the rules: Tencent/ncnn,
tools/quantize/ncnn2table.cpp.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.calibration.statistics import Statistics
from workbench.errors import CalibrationError, WorkbenchWarning
from workbench.formats.table import Table
from workbench.graph import Layer
from workbench.model import Model
from workbench.numerics.affine import scale_of
from workbench.numerics.thresholds import METHODS
from workbench.numerics.weights import (
    aciq_weight_scales,
    eight_bits_proven_safe,
    needs_six_bits,
    quantize_weights,
    weight_scales,
)
from workbench.ops import values

BY_HAND = "hand"


@dataclass(frozen=True)
class LayerPlan:
    """What is decided for one layer.

    Attributes:
        layer: the layer's name.
        type: ncnn's layer type.
        method: the search that chose the threshold, or "hand".
        threshold: largest |x| of the bottom blob that is not clipped, in real units; 0 if the
            blob was always zero.
        bits: 8 or 6, the bits of the weights.
        weight_scales: float32 values, one for each output channel (group if depthwise).
        keep_float: the layer is not quantized; its rows are left out of the table.
    """

    layer: str
    type: str
    method: str
    threshold: float
    bits: int
    weight_scales: tuple[float, ...]
    keep_float: bool = False

    def __post_init__(self) -> None:
        """Raise CalibrationError for a number that cannot be."""
        if not isinstance(self.threshold, Real) or not 0 <= self.threshold < math.inf:
            raise self._refusal(f"the threshold is {self.threshold!r}", "Give a number above 0.")
        if not self.scale:
            raise self._refusal(f"the threshold {self.threshold:g} is far too large", "")
        if self.bits not in (6, 8):
            raise self._refusal(f"the weights have {self.bits!r} bits", "Use 6 or 8.")
        if not all(0 < scale < math.inf for scale in self.weight_scales):
            raise self._refusal("a weight scale is not positive and finite", "Derive them anew.")

    def _refusal(self, problem: str, advice: str) -> CalibrationError:
        return CalibrationError(problem, where=f"layer {self.layer}", advice=advice)

    @property
    def scale(self) -> float:
        """Scale of the bottom blob: int8 = round(real * scale); 127 / threshold in float32."""
        return float(scale_of(self.threshold))


@dataclass(frozen=True)
class Plan:
    """Every decision of a calibration, for each quantizable layer in the network's order.

    Attributes:
        layers: the decisions.
        model_sha256: the network they are for (`Model.sha256`).
    """

    layers: tuple[LayerPlan, ...]
    model_sha256: str

    @cached_property
    def by_name(self) -> Mapping[str, LayerPlan]:
        """The decisions by layer name."""
        return MappingProxyType({decision.layer: decision for decision in self.layers})

    def __getitem__(self, layer: str) -> LayerPlan:
        try:
            return self.by_name[layer]
        except KeyError:
            raise CalibrationError("the plan has no such layer", where=f"layer {layer}") from None

    def __iter__(self) -> Iterator[LayerPlan]:
        return iter(self.layers)

    def changed(self, layer: str, **changes: Any) -> Plan:
        """Return a plan in which some attributes of one layer's decision are replaced.

        Raises:
            CalibrationError: the plan has no such layer, or a decision cannot be: new bits,
                for one, need new weight scales (`with_weight_bits`).
        """
        old = self[layer]
        if changes.get("bits", old.bits) != old.bits and "weight_scales" not in changes:
            raise CalibrationError(
                "other bits need other weight scales",
                where=f"layer {layer}",
                advice="Use with_weight_bits(model, plan, layer, bits), which derives them.",
            )
        new = replace(old, **changes)
        return replace(self, layers=tuple(new if d.layer == layer else d for d in self.layers))

    @property
    def table(self) -> Table:
        """The calibration table that says the same; float layers have no rows."""
        kept = [decision for decision in self.layers if not decision.keep_float]
        return Table(
            weights={decision.layer: decision.weight_scales for decision in kept},
            blobs={decision.layer: (decision.scale,) for decision in kept},
        )


def calibrate(
    model: Model, stats: Statistics, method: str = "kl", weight_bits: str = "ncnn"
) -> Plan:
    """Search a threshold for each quantizable layer, and derive all scales.

    Args:
        model: the float network.
        stats: what `collect` counted on it.
        method: a key of `workbench.numerics.thresholds.METHODS`. With "aciq" the weights are
            clipped by ACIQ too, as ncnn's tool does.
        weight_bits: "ncnn" gives 6 bits to every dense 3x3 stride-1 convolution; "proven"
            gives 8 wherever int8 Winograd provably cannot overflow.

    Raises:
        CalibrationError: the method is unknown, or the statistics are of another network.
    """
    check_method(method)
    if weight_bits not in ("ncnn", "proven"):
        raise CalibrationError(
            f"there is no rule {weight_bits!r} for weight bits", advice="Use ncnn or proven."
        )
    if stats.model_sha256 != model.sha256:
        raise CalibrationError(
            "the statistics were collected on another network",
            advice="Collect them again on this one.",
        )
    search = METHODS[method]
    found = {blob: search(stats.histograms[blob]).threshold for blob in set(stats.layers.values())}
    return Plan(
        layers=tuple(
            decide(model, layer, stats, method, found[stats.layers[layer.name]], weight_bits)
            for layer in model.quantizable
        ),
        model_sha256=model.sha256,
    )


def check_method(method: str) -> None:
    """Raise CalibrationError, listing the methods, if there is no such search."""
    if method not in METHODS:
        raise CalibrationError(
            f"there is no method {method!r}",
            advice=f"Use one of: {', '.join(METHODS)}. EQ is a function of its own, equalize.",
        )


def decide(
    model: Model,
    layer: Layer,
    stats: Statistics,
    method: str,
    threshold: float,
    weight_bits: str = "ncnn",
) -> LayerPlan:
    """Decide for one layer, as `calibrate` does for all, with the threshold that a method found."""
    histogram, blob = stats[layer.name], stats.layers[layer.name]
    if threshold == 0:
        _warn(layer, f"its input {blob} was always zero; its scale is 1")
    elif threshold < histogram.absmax and np.count_nonzero(histogram.counts) == 1:
        _warn(
            layer,
            f"its input {blob} was always 0 or {histogram.absmax:g}, which gives {method} nothing "
            f"to choose by: it clips at {threshold:g}. minmax would keep the value",
        )
    weight = model.weight(layer.name, "weight")
    bits = 6 if _needs_six_bits(layer, weight, method, weight_bits) else 8
    scales, dead = layer_weight_scales(layer, weight, method, bits)
    if dead.size:
        shown = ", ".join(map(str, dead[:8])) + (", ..." if dead.size > 8 else "")
        _warn(layer, f"all weights of output channel {shown} are zero; their scales are 1")
    return LayerPlan(layer.name, layer.type, method, threshold, bits, tuple(scales.tolist()))


def with_weight_bits(model: Model, plan: Plan, layer: str, bits: int) -> Plan:
    """Give a layer's weights 8 or 6 bits; their scales are derived anew.

    Raises:
        CalibrationError: the plan has no such layer, or the bits are something else.
    """
    method, weight = plan[layer].method, model.weight(layer, "weight")
    scales, _ = layer_weight_scales(model.graph.by_name[layer], weight, method, bits)
    return plan.changed(layer, bits=bits, weight_scales=tuple(scales.tolist()))


def layer_weight_scales(
    layer: Layer, weight: NDArray[np.float32], method: str, bits: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Weight scales of a layer for 8 or 6 bits, and the channels whose weights are all zero."""
    of_channels = aciq_weight_scales if method == "aciq" else weight_scales
    return of_channels(weight, scale_channels(layer), bits)


def scale_channels(layer: Layer) -> int:
    """How many weight scales a layer has: output channels, or groups if it is depthwise."""
    given = values(layer)
    return int(given["group" if layer.type == "ConvolutionDepthWise" else "num_output"])


def six_bits_by_rule(layer: Layer) -> bool:
    """Tell whether ncnn's rule gives a layer 6-bit weights: dense, 3x3, stride 1, dilation 1."""
    return layer.type == "Convolution" and needs_six_bits(values(layer))


def _needs_six_bits(
    layer: Layer, weight: NDArray[np.float32], method: str, weight_bits: str
) -> bool:
    if not six_bits_by_rule(layer):
        return False
    if weight_bits == "ncnn":
        return True
    scales, _ = layer_weight_scales(layer, weight, method, 8)
    return not eight_bits_proven_safe(quantize_weights(weight, scales))


def _warn(layer: Layer, what: str) -> None:
    warnings.warn(f"layer {layer.name}: {what}.", WorkbenchWarning, stacklevel=4)

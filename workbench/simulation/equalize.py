"""EQ: scales searched for the error of each layer's own output, one layer after the other.

Starting from a plan, first every weight scale and then the bottom scale of a layer is multiplied
by factors from 1/2 to 2, and the factor is kept whose int8 output is nearest to the float one
in squared error, each image counting alike. Outputs are computed on a random sample of positions
over all images, on the float network's blobs; a channel's error depends on no other channel's
scale, so that one matrix product tries a factor for all channels at once. Layers that read one
blob through a Split keep one bottom scale. Weights of 6 bits only get smaller, so that they stay
in 6 bits.

Source of the idea: Tencent/ncnn, tools/quantize/ncnn2table.cpp, QuantNet::quantize_EQ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from threading import Event

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from workbench.calibration.collect import as_mapping
from workbench.calibration.inputs import Item
from workbench.calibration.plan import LayerPlan, Plan
from workbench.engine import Network
from workbench.errors import InputError
from workbench.graph import Layer
from workbench.model import Model
from workbench.numerics.activation import activation
from workbench.numerics.affine import quantize
from workbench.ops import values
from workbench.simulation.columns import Columns, sample_columns

FACTORS = np.unique(np.append(np.geomspace(0.5, 2.0, 100), 1.0))
IMAGES, SAMPLES = 50, 4096

Array = NDArray[np.float32]


def equalize(
    model: Model,
    plan: Plan,
    inputs: Sequence[Item],
    *,
    progress: bool = True,
    cancelled: Event | None = None,
    seed: int = 0,
) -> Plan:
    """Search better scales for every layer of a plan that is not kept in float.

    Args:
        model: the float network.
        plan: where to start, e.g. from KL.
        inputs: images or tensors; at most 50 are used.
        progress: show a progress bar.
        cancelled: when it is set, the search stops, and layers not reached keep their scales.
        seed: of the random sample.

    Returns:
        The plan with new scales, its method being "eq".

    Raises:
        InputError: there are no inputs, or one cannot be used.
    """
    if len(inputs) == 0:
        raise InputError("there are no inputs to search on")
    network, images = Network(model), inputs[:IMAGES]
    groups = _siblings(model, plan)
    for group in tqdm(groups, desc="searching scales", unit="blob", disable=not progress):
        if cancelled and cancelled.is_set():
            break
        layers = [model.graph.by_name[decision.layer] for decision in group]
        seen = _columns(model, network, layers, images, np.random.default_rng(seed))
        for decision in _search(model, group, seen):
            plan = plan.changed(decision.layer, **_changes(decision))
    return plan


def _changes(decision: LayerPlan) -> dict[str, object]:
    names = ("threshold", "weight_scales", "method")
    return {name: getattr(decision, name) for name in names}


def _siblings(model: Model, plan: Plan) -> list[list[LayerPlan]]:
    """The decisions that share a bottom blob, together."""
    groups: dict[str, list[LayerPlan]] = {}
    for decision in plan:
        if not decision.keep_float:
            blob = model.graph.origin(model.graph.by_name[decision.layer].bottoms[0])
            groups.setdefault(blob, []).append(decision)
    return list(groups.values())


def _columns(
    model: Model,
    network: Network,
    layers: Sequence[Layer],
    images: Sequence[Item],
    rng: np.random.Generator,
) -> list[Columns]:
    """Sample each layer's columns over all images, in one float run of each."""
    count = -(-SAMPLES // len(images))
    blobs = [name for layer in layers for name in (layer.bottoms[0], layer.tops[0])]
    parts = []
    for item in images:
        run = network.run(as_mapping(model, item), blobs)
        parts.append(
            [sample_columns(x, run[x.bottoms[0]], run[x.tops[0]], count, rng) for x in layers]
        )
    return [reduce(add, of_layer) for of_layer in zip(*parts, strict=True)]


def _search(model: Model, group: Sequence[LayerPlan], seen: Sequence[Columns]) -> list[LayerPlan]:
    trials = [Trial.of(model, *pair) for pair in zip(group, seen, strict=True)]
    trials = [trial.with_better_weights() for trial in trials]
    errors = sum(trial.bottom_errors() for trial in trials)
    factor = FACTORS[int(np.argmin(errors))]
    return [trial.decision(factor) for trial in trials]


@dataclass(frozen=True, eq=False)
class Trial:
    """One layer on its sample, with scales to try.

    Attributes:
        plan: the decision to start from.
        weight: float32 (groups, channels of a group, elements).
        bias: float32 (channels, 1).
        activation: type and parameters.
        seen: the sample.
        scales: float32 (channels,), a weight scale for each output channel.
    """

    plan: LayerPlan
    weight: Array
    bias: Array
    activation: tuple[int, tuple[float, ...]]
    seen: Columns
    scales: Array

    @classmethod
    def of(cls, model: Model, plan: LayerPlan, seen: Columns) -> Trial:
        """Prepare a layer."""
        given = values(model.graph.by_name[plan.layer])
        groups, channels = seen.inputs.shape[0], seen.outputs.shape[0]
        bias = model.weight(plan.layer, "bias") if given.bias_term else np.zeros(channels)
        scales = np.array(plan.weight_scales, np.float32)
        return cls(
            plan,
            model.weight(plan.layer, "weight").reshape(groups, channels // groups, -1),
            bias.astype(np.float32)[:, None],
            (given.activation_type, tuple(given.activation_params)),
            seen,
            np.repeat(scales, channels // scales.size),
        )

    def with_better_weights(self) -> Trial:
        """Take for each weight scale the factor of least error."""
        factors = FACTORS if self.plan.bits == 8 else FACTORS[FACTORS <= 1]
        x = quantize(self.seen.inputs, np.float32(self.plan.scale)).astype(np.float32)
        errors = np.array([self._errors(self.scales * np.float32(f), x, 1.0) for f in factors])
        kept = len(self.plan.weight_scales)  # channels of one group share a scale
        best = errors.reshape(len(factors), kept, -1).sum(axis=2).argmin(axis=0)
        better = np.repeat(factors[best].astype(np.float32), self.scales.size // kept)
        return replace(self, scales=self.scales * better)

    def bottom_errors(self) -> NDArray[np.float64]:
        """Error of the whole layer for each factor on the bottom scale."""
        scale = np.float32(self.plan.scale)
        found = []
        for factor in FACTORS:
            x = quantize(self.seen.inputs, scale * np.float32(factor)).astype(np.float32)
            found.append(self._errors(self.scales, x, float(factor)).sum())
        return np.array(found)

    def decision(self, factor: float) -> LayerPlan:
        """The plan with the scales found."""
        every = self.scales.size // len(self.plan.weight_scales)
        return replace(
            self.plan,
            threshold=float(self.plan.threshold / factor),
            weight_scales=tuple(self.scales[::every].tolist()),
            method="eq",
        )

    def _errors(self, scales: Array, x: Array, factor: float) -> NDArray[np.float64]:
        """Weighted squared error of each output channel: float64 (channels,)."""
        rows = scales.reshape(self.weight.shape[0], -1, 1)
        sums = quantize(self.weight, rows).astype(np.float32) @ x
        real = sums.reshape(self.seen.outputs.shape) / (
            scales[:, None] * np.float32(self.plan.scale * factor)
        )
        difference = activation(real + self.bias, *self.activation) - self.seen.outputs
        return ((difference * difference) @ self.seen.weights).astype(np.float64)

"""The price of six bits: what ncnn's rule for 3x3 stride-1 convolutions costs a layer.

ncnn gives such layers 6-bit weights so that int8 Winograd F(4,3) cannot overflow. Where the
bound of `workbench.numerics.weights.eight_bits_proven_safe` holds, 8 bits are as safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.calibration.plan import Plan, six_bits_by_rule, with_weight_bits
from workbench.model import Model
from workbench.numerics import metrics
from workbench.numerics.weights import eight_bits_proven_safe
from workbench.simulation.blob import Blob
from workbench.simulation.simulator import Simulator


@dataclass(frozen=True)
class WeightBits:
    """One 3x3 stride-1 layer with either width of weights.

    Attributes:
        bits: what the plan has, 6 or 8.
        sqnr_6_db: signal to quantization noise of the layer alone with 6-bit weights.
        sqnr_8_db: the same with 8-bit weights.
        eight_is_safe: whether 8 bits are proven not to overflow.
    """

    bits: int
    sqnr_6_db: float
    sqnr_8_db: float
    eight_is_safe: bool

    @classmethod
    def mean(cls, parts: Sequence[WeightBits]) -> WeightBits:
        """Average over images."""
        six = metrics.mean_decibels([part.sqnr_6_db for part in parts])
        eight = metrics.mean_decibels([part.sqnr_8_db for part in parts])
        return replace(parts[0], sqnr_6_db=six, sqnr_8_db=eight)


class BitsQuestion:
    """Both widths of every layer for which the question is open, ready to run."""

    def __init__(self, model: Model, plan: Plan) -> None:
        self._plan = plan
        self._asked = {
            decision.layer
            for decision in plan
            if not decision.keep_float and six_bits_by_rule(model.graph.by_name[decision.layer])
        }
        self._simulators = {}
        for bits in (6, 8) if self._asked else ():
            for name in self._asked:
                plan = with_weight_bits(model, plan, name, bits)
            self._simulators[bits] = Simulator(model, plan, "dequantize")

    def of(self, layer: str, blobs: Mapping[str, Blob]) -> WeightBits | None:
        """Run a layer with either width on the float network's blobs; None if not in question."""
        if layer not in self._asked:
            return None
        eight = self._simulators[8].quantized[layer]
        return WeightBits(
            self._plan[layer].bits,
            self._sqnr(6, layer, blobs),
            self._sqnr(8, layer, blobs),
            eight_bits_proven_safe(eight.weight),
        )

    def _sqnr(self, bits: int, layer: str, blobs: Mapping[str, Blob]) -> float:
        simulator = self._simulators[bits]
        expected = blobs[simulator.model.graph.by_name[layer].tops[0]].real
        return metrics.sqnr(expected, simulator.alone(layer, blobs)[0].real)

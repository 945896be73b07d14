"""What int8 gains in time: ncnn in float and in int8 on this machine, whole and by layers.

int8 is not always the faster one: on small depthwise networks the conversions between float
and int8 can cost more than the multiplications save.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.calibration.collect import as_mapping
from workbench.calibration.inputs import Item
from workbench.calibration.plan import Plan
from workbench.engine import SingleLayer
from workbench.engine.speed import Clock, Timing, time_layer, time_network
from workbench.export.int8 import int8_model
from workbench.model import Model
from workbench.simulation.simulator import Simulator

DEFAULT = {"use_packing_layout": True}
"""As ncnn runs on a device; alone, layers are otherwise run unpacked, for exact comparisons."""


@dataclass(frozen=True)
class LayerSpeed:
    """One int8 layer alone, on float input.

    Attributes:
        layer: its name.
        type: ncnn's layer type.
        float_time: in float.
        int8_time: in int8, with the rounding of its input.
    """

    layer: str
    type: str
    float_time: Timing
    int8_time: Timing


@dataclass(frozen=True)
class Speed:
    """The whole network in float and in int8, and its int8 layers one by one.

    Attributes:
        clock: how it was timed.
        float_time: the float network.
        int8_time: the int8 network as it is exported.
        layers: each int8 layer.
    """

    clock: Clock
    float_time: Timing
    int8_time: Timing
    layers: tuple[LayerSpeed, ...]

    @property
    def gain(self) -> float:
        """How many times as fast int8 is; below 1 it is slower."""
        return self.float_time.median_ms / self.int8_time.median_ms

    def __str__(self) -> str:
        rows = [(row.layer, row.float_time, row.int8_time) for row in self.layers]
        rows.append(("whole network", self.float_time, self.int8_time))
        width = max(len(name) for name, *_ in rows)
        return "\n".join(
            f"{name:{width}}  float {one!s:32} int8 {two!s:32} "
            f"{one.median_ms / two.median_ms:.2f} times as fast"
            for name, one, two in rows
        )


def measure_speed(model: Model, plan: Plan, item: Item, clock: Clock | None = None) -> Speed:
    """Time a network in float and in int8, with ncnn's default options.

    Args:
        model: the float network.
        plan: decisions for it.
        item: one input.
        clock: threads, runs, warm-up, cores; one thread and 50 runs if not given.

    Raises:
        EngineError: ncnn cannot run the network, or has no such cores.
        InputError: the input does not fit.
    """
    clock = clock or Clock()
    inputs = as_mapping(model, item)
    simulator = Simulator(model, plan, "dequantize")
    blobs = Simulator(model, plan, "float").run(item).blobs
    layers = []
    for name, quantized in simulator.quantized.items():
        bottoms = {blob: blobs[blob].array for blob in quantized.layer.bottoms}
        pair = (
            SingleLayer(quantized.layer, model.weights[name], clock.threads, **DEFAULT),
            SingleLayer(quantized.int8_layer, quantized.int8_weights, clock.threads, **DEFAULT),
        )
        times = [time_layer(layer, bottoms, clock) for layer in pair]
        layers.append(LayerSpeed(name, quantized.layer.type, *times))
    return Speed(
        clock,
        time_network(model, inputs, clock),
        time_network(int8_model(model, plan), inputs, clock),
        tuple(layers),
    )

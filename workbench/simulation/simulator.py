"""The simulator: walks through the graph and computes every blob of the int8 network."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.calibration.collect import as_mapping
from workbench.calibration.inputs import Item
from workbench.calibration.plan import Plan
from workbench.engine import try_out
from workbench.engine.network import checked_inputs
from workbench.model import Model
from workbench.simulation.blob import Blob, Run
from workbench.simulation.quantized import QuantizedLayer, quantized_layers
from workbench.simulation.scheme import scheme_of
from workbench.simulation.steps import InInt8, InNcnn, Moved, Step


def simulate(model: Model, plan: Plan, inputs: Item, scheme: str = "requantize") -> Run:
    """Run one input through the int8 network; see `Simulator`."""
    return Simulator(model, plan, scheme).run(inputs)


class Simulator:
    """A calibrated network, ready to run inputs.

    Args:
        model: the float network.
        plan: decisions for it.
        scheme: a key of `workbench.simulation.scheme.SCHEMES`.

    Raises:
        CalibrationError: the plan is for another network.
        WorkbenchError: there is no such scheme.
    """

    def __init__(self, model: Model, plan: Plan, scheme: str = "requantize") -> None:
        rules = scheme_of(scheme)
        layers = quantized_layers(model, plan, rules.fuses) if rules.quantizes else {}
        self.quantized: Mapping[str, QuantizedLayer] = layers
        self.model = model
        self.plan = plan
        self.scheme = rules
        self._steps: Mapping[str, Step] = {
            layer.name: _step(model, layer.name, layers)
            for layer in model.graph.layers
            if layer.type != "Input"
        }

    def alone(self, layer: str, blobs: Mapping[str, Blob]) -> tuple[Blob, ...]:
        """Compute one layer's tops from given blobs, e.g. those of a float run."""
        return self._steps[layer].run(blobs)

    def run(self, inputs: Item, earlier: Run | None = None) -> Run:
        """Compute every blob.

        Args:
            inputs: float32 array of the only input blob, or of each input blob by name.
            earlier: a run of this network, whatever its plan, scheme and input: what would
                come out the same is taken from it.

        Raises:
            InputError: an input is missing, unknown, or not a finite array of 1 to 4 axes.
            EngineError: ncnn cannot run the network on these inputs.
        """
        arrays = checked_inputs(self.model.graph.inputs, as_mapping(self.model, inputs))
        try_out(self.model, {name: array.shape for name, array in arrays.items()})
        if earlier is not None and earlier.model_sha256 != self.model.sha256:
            earlier = None
        blobs: dict[str, Blob] = {}
        kept: set[str] = set()
        for name, array in arrays.items():
            _add(blobs, kept, name, Blob(array.copy(), None, "input"), earlier)
        for layer in self.model.graph.layers:
            if layer.type == "Input":
                continue
            if (
                earlier
                and kept.issuperset(layer.bottoms)
                and earlier.steps[layer.name] == self._steps[layer.name].key
            ):
                blobs |= {top: earlier.blobs[top] for top in layer.tops}
                kept.update(layer.tops)
                continue
            for top, blob in zip(layer.tops, self._steps[layer.name].run(blobs), strict=True):
                _add(blobs, kept, top, blob, earlier)
        return Run(
            blobs=blobs,
            scheme=self.scheme.name,
            model_sha256=self.model.sha256,
            steps={name: step.key for name, step in self._steps.items()},
        )


def _add(
    blobs: dict[str, Blob], kept: set[str], name: str, blob: Blob, earlier: Run | None
) -> None:
    """Add a blob, or the earlier one if it is the same."""
    if earlier is not None and earlier[name].equals(blob):
        blob = earlier[name]
        kept.add(name)
    blobs[name] = blob


def _step(model: Model, name: str, layers: Mapping[str, QuantizedLayer]) -> Step:
    layer = model.graph.by_name[name]
    if name in layers:
        return InInt8(layers[name])
    if layer.type == "Split":
        return Moved(layer)
    return InNcnn(layer, model.weights.get(name, ()))

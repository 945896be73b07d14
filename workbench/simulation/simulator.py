"""The simulator: walks through the graph and computes every blob of the int8 network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from workbench.calibration.collect import as_mapping
from workbench.calibration.inputs import Item
from workbench.calibration.plan import Plan
from workbench.engine import try_out
from workbench.engine.network import checked_inputs
from workbench.graph import Layer
from workbench.model import Model
from workbench.simulation.blob import Blob, Run
from workbench.simulation.integer.propagation import Propagation
from workbench.simulation.integer.steps import IntegerNetwork
from workbench.simulation.quantized import QuantizedLayer, quantized_layers
from workbench.simulation.scheme import Scheme, scheme_of
from workbench.simulation.steps import InInt8, InNcnn, Moved, Step
from workbench.simulation.storage import stored_weights


def simulate(model: Model, plan: Plan, inputs: Item, scheme: str | Scheme = "requantize") -> Run:
    """Run one input through the int8 network; see `Simulator`."""
    return Simulator(model, plan, scheme).run(inputs)


class Simulator:
    """A calibrated network, ready to run inputs.

    What ncnn itself must compute for it runs in this process: the network is tried out first.

    Args:
        model: the float network.
        plan: decisions for it.
        scheme: a key of `workbench.simulation.scheme.SCHEMES`, or a scheme of one's own.
        like: a simulator of the same network, whatever its plan and scheme; what would be
            prepared the same is taken from it.

    Attributes:
        quantized: the layers that compute in int8, by name.

    Raises:
        CalibrationError: the plan is for another network.
        WorkbenchError: there is no such scheme.
    """

    def __init__(
        self,
        model: Model,
        plan: Plan,
        scheme: str | Scheme = "requantize",
        like: Simulator | None = None,
    ) -> None:
        self.model = model
        self.plan = plan
        self.scheme = scheme_of(scheme)
        if like is not None and like.model.sha256 != model.sha256:
            like = None
        known = like.quantized if like else {}
        self.quantized: Mapping[str, QuantizedLayer] = (
            quantized_layers(model, plan, self.scheme.fuses, known) if self.scheme.quantizes else {}
        )
        self._integers = (
            IntegerNetwork(model, self.quantized, self.scheme.integer)
            if self.scheme.integer
            else None
        )
        old = like._steps if like else {}
        self._steps: Mapping[str, Step] = {
            layer.name: _same_or_new(old.get(layer.name), self._step(layer))
            for layer in model.graph.layers
            if layer.type != "Input"
        }

    def changed(self, plan: Plan) -> Simulator:
        """Return a simulator for another plan; what stays the same is not prepared anew."""
        return Simulator(self.model, plan, self.scheme, like=self)

    @property
    def propagation(self) -> Propagation | None:
        """The scale of each blob in an integer scheme; None in the others."""
        return self._integers.propagation if self._integers else None

    def in_int8(self, layer: str) -> bool:
        """Tell whether a layer computes with integers."""
        if self.propagation is None:
            return layer in self.quantized
        return self.propagation.layers[layer].integer

    def _step(self, layer: Layer) -> Step:
        if self._integers:
            return self._integers.step(layer)
        if layer.name in self.quantized:
            return InInt8(self.quantized[layer.name])
        if layer.type == "Split":
            return Moved(layer)
        if self.scheme.quantizes:
            return InNcnn(layer, stored_weights(self.model, layer), b"ncnn float16")
        return InNcnn(layer, self.model.weights.get(layer.name, ()), b"ncnn float32")

    def alone(self, layer: str, blobs: Mapping[str, Blob]) -> tuple[Blob, ...]:
        """Compute one layer's tops from given blobs, e.g. those of a float run."""
        return self._steps[layer].run(blobs)

    def run(
        self,
        inputs: Item,
        earlier: Run | None = None,
        between: Callable[[], object] = lambda: None,
    ) -> Run:
        """Compute every blob.

        Args:
            inputs: float32 array of the only input blob, or of each input blob by name.
            earlier: a run of this network, whatever its plan, scheme and input: what would
                come out the same is taken from it.
            between: called before each layer; what it raises gives the run up.

        Raises:
            InputError: an input is missing, unknown, or not a finite array of 1 to 4 axes.
            EngineError: ncnn cannot run the network on these inputs.
        """
        arrays = checked_inputs(self.model.graph.inputs, as_mapping(self.model, inputs))
        try_out(self.model, {name: array.shape for name, array in arrays.items()})
        if earlier is not None and earlier.model_sha256 != self.model.sha256:
            earlier = None
        growing = _Growing(self._steps, earlier)
        for name, array in arrays.items():
            growing.add(name, Blob(array.copy(), None, "input"))
        for layer in self.model.graph.layers:
            if layer.type != "Input":
                between()
                growing.compute(layer)
        return Run(
            blobs=MappingProxyType(growing.blobs),
            scheme=self.scheme.name,
            graph=self.model.graph,
            model_sha256=self.model.sha256,
            steps=MappingProxyType({name: step.key for name, step in self._steps.items()}),
        )


class _Growing:
    """A run that is being computed, beside an earlier one."""

    def __init__(self, steps: Mapping[str, Step], earlier: Run | None) -> None:
        self._steps = steps
        self._earlier = earlier
        self._unchanged: set[str] = set()
        self.blobs: dict[str, Blob] = {}

    def compute(self, layer: Layer) -> None:
        """Add the tops of a layer."""
        step = self._steps[layer.name]
        if self._earlier is not None and self._is_unchanged(layer, step, self._earlier):
            self.blobs |= {top: self._earlier[top] for top in layer.tops}
            self._unchanged.update(layer.tops)
            return
        for top, blob in zip(layer.tops, step.run(self.blobs), strict=True):
            self.add(top, blob)

    def _is_unchanged(self, layer: Layer, step: Step, earlier: Run) -> bool:
        same = earlier.steps[layer.name] == step.key
        return same and self._unchanged.issuperset(layer.bottoms)

    def add(self, name: str, blob: Blob) -> None:
        """Add a blob, or the earlier one if it is the same."""
        if self._earlier is not None and self._earlier[name].equals(blob):
            blob = self._earlier[name]
            self._unchanged.add(name)
        self.blobs[name] = blob


def _same_or_new(old: Step | None, new: Step) -> Step:
    return old if old is not None and old.key == new.key else new

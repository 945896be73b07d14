"""The probe images of a session, with all that was computed of them and can be used again.

Only one thread may use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.calibration.inputs import Item
from workbench.calibration.plan import Plan
from workbench.model import Model
from workbench.numerics import compiled
from workbench.session.outputs import Pair, pairs_of
from workbench.simulation.blob import Blob, Run
from workbench.simulation.causes import Causes, Dissection
from workbench.simulation.compare import Metrics, measured_layers
from workbench.simulation.scheme import Scheme
from workbench.simulation.simulator import Simulator


class Overtaken(Exception):  # noqa: N818 - it is no error
    """Newer work waits; what was computed so far is kept."""


@dataclass
class _Image:
    item: Item
    reference: Run
    run: Run | None = None
    measured: dict[str, tuple[Blob, Metrics]] = field(default_factory=dict)


class Probes:
    """Measures a plan's errors on a few inputs.

    Args:
        model: the float network.
        inputs: the probes.
        plan: any plan of the network.
        scheme: how the int8 network computes.
        overtaken: asked between layers; True makes the work under way raise `Overtaken`.
    """

    def __init__(
        self,
        model: Model,
        inputs: Sequence[Item],
        plan: Plan,
        scheme: Scheme,
        overtaken: Callable[[], bool],
    ) -> None:
        compiled.prepare()  # for the metrics
        self._model = model
        self._inputs = inputs
        self._overtaken = overtaken
        self._reference = Simulator(model, plan, "float")
        self._simulator = Simulator(model, plan, scheme)
        self._dissection = Dissection(model)
        self._images: dict[int, _Image] = {}
        self._next = 0

    def _of(self, plan: Plan) -> Simulator:
        """The simulator of a plan; of the last one, what stays the same is kept."""
        if self._simulator.plan is not plan:
            self._simulator = self._simulator.changed(plan)
        return self._simulator

    def own(self, plan: Plan, name: str) -> Metrics | None:
        """The error of one layer on the float network's blobs; None if it stays in float."""
        simulator = self._of(plan)
        if name not in simulator.quantized:
            return None
        parts = []
        for image in self._each():
            expected = image.reference[self._model.graph.by_name[name].tops[0]].real
            got = simulator.alone(name, image.reference.blobs)[0].real
            parts.append(Metrics.of(expected, got))
        return Metrics.mean(parts)

    def answers(self, plan: Plan) -> Iterator[tuple[int, tuple[Pair, ...]]]:
        """Run the int8 network on every probe; give each one's number and outputs.

        Each probe has its turn: newer work begins with the one after those that were run.
        """
        simulator = self._of(plan)
        for _ in range(len(self._inputs)):
            image = self._image(self._next)
            image.run = simulator.run(image.item, image.run, between=self._pause)
            yield self._next, pairs_of(image.reference, image.run)
            self._next = (self._next + 1) % len(self._inputs)

    def accumulated(self, plan: Plan) -> Mapping[str, Metrics]:
        """The error of each layer's first top in the int8 network as a whole."""
        simulator = self._of(plan)
        layers = measured_layers(self._model)
        images = []
        for image in self._each():
            image.run = simulator.run(image.item, image.run, between=self._pause)
            images.append([self._measured(image, image.run, layer.tops[0]) for layer in layers])
        means = map(Metrics.mean, zip(*images, strict=True))
        return {layer.name: mean for layer, mean in zip(layers, means, strict=True)}

    def causes(self, plan: Plan, name: str) -> Causes | None:
        """What the error of one layer alone comes from; None if it stays in float."""
        simulator = self._of(plan)
        if name not in simulator.quantized:
            return None
        quantized, parts = simulator.quantized[name], []
        for image in self._each():
            blobs = image.reference.blobs
            got = simulator.alone(name, blobs)[0].real
            parts.append(self._dissection.causes(quantized, blobs, got))
        return Causes.mean(parts)

    def _each(self) -> Iterator[_Image]:
        return map(self._image, range(len(self._inputs)))

    def _image(self, number: int) -> _Image:
        """A probe with its float run, which is computed when it is first needed."""
        self._pause()
        if number not in self._images:
            item = self._inputs[number]
            run = self._reference.run(item, between=self._pause)
            self._images[number] = _Image(item, run)
        return self._images[number]

    def _measured(self, image: _Image, run: Run, blob: str) -> Metrics:
        """Measure a blob, or remember what it was if the run took it from the one before."""
        known = image.measured.get(blob)
        if known is None or known[0] is not run[blob]:
            self._pause()
            known = run[blob], Metrics.of(image.reference[blob].real, run[blob].real)
            image.measured[blob] = known
        return known[1]

    def _pause(self) -> None:
        """Give up here if newer work waits."""
        if self._overtaken():
            raise Overtaken

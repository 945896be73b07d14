"""From a network, its plan and an integer scheme to a list of integer operations."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from workbench.calibration.plan import Plan
from workbench.errors import CalibrationError, GraphError
from workbench.export.lowering.others import lower_other
from workbench.export.lowering.records import Entrance, LeftOut, Operation, Program, StoredBlob
from workbench.export.lowering.site import Site
from workbench.export.lowering.weighted import lower_weighted
from workbench.graph import Graph, Layer
from workbench.model import Model, blob_shapes
from workbench.numerics.fixed_point import multiplier8
from workbench.ops import values
from workbench.ops.activation import ACTIVATIONS
from workbench.ops.integer.rescaling import prepare_change
from workbench.simulation.integer.arithmetic import Arithmetic
from workbench.simulation.integer.ops import Task
from workbench.simulation.integer.propagation import LayerScales, Scale
from workbench.simulation.scheme import SCHEMES, Scheme, scheme_of
from workbench.simulation.simulator import Simulator


def lower(
    model: Model,
    plan: Plan,
    scheme: str | Scheme = "integer",
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Program:
    """Turn a calibrated network into integer operations.

    Float layers before the first integer layer and behind the last one are left out.

    Args:
        model: the float network.
        plan: decisions for it.
        scheme: an integer scheme with int8 blobs, e.g. "integer" or "integer-shift".
        shapes: of the input blobs, the slowest axis first; by default what the Input layers say.

    Raises:
        CalibrationError: the scheme is no such scheme, or the plan is for another network.
        GraphError: a float layer stands between integer layers, a layer has no operation, or
            the size of the input is not known.
    """
    chosen = scheme_of(scheme)
    arithmetic = _checked(chosen)
    simulator = Simulator(model, plan, chosen)
    lowering = _Lowering(simulator, arithmetic, _shapes(simulator, shapes))
    for layer in model.graph.layers:
        lowering.take(layer)
    if not lowering.operations:
        raise CalibrationError(
            "no layer of this network computes in integers",
            advice="Calibrate it, and let at least one layer run in int8.",
        )
    return Program(
        chosen.name,
        arithmetic.flavour,
        tuple(lowering.entrances.values()),
        MappingProxyType(lowering.blobs),
        tuple(lowering.operations),
        tuple(lowering.left_out),
    )


def _checked(scheme: Scheme) -> Arithmetic:
    how = scheme.integer
    plain = how and how.activations == "int8" and not (how.overflow_wraps or how.add_wraps)
    if how is None or not plain:
        able = [s.name for s in SCHEMES.values() if s.integer and s.integer.activations == "int8"]
        raise CalibrationError(
            f"the scheme {scheme.name!r} does not hand int8 from layer to layer without wrapping",
            advice=f"Use one of: {', '.join(able)}.",
        )
    return how


def _shapes(
    simulator: Simulator, given: Mapping[str, tuple[int, ...]] | None
) -> Mapping[str, tuple[int, ...]]:
    """The shape of every blob; where no rule tells one, a run on zeros does."""
    graph = simulator.model.graph
    inputs = {name: (given or {}).get(name) or _declared(graph, name) for name in graph.inputs}
    found: dict[str, tuple[int, ...]] = {}
    for name, shape in blob_shapes(graph, inputs).items():
        lengths = tuple(n for n in shape or () if n is not None)
        if shape is None or len(lengths) < len(shape):
            zeros = {blob: np.zeros(shape, np.float32) for blob, shape in inputs.items()}
            run = simulator.run(zeros)
            return {name: blob.array.shape for name, blob in run.blobs.items()}
        found[name] = lengths
    return found


def _declared(graph: Graph, name: str) -> tuple[int, ...]:
    layer = values(graph.producers[name])
    shape = tuple(int(layer[axis]) for axis in "chw" if layer[axis] > 0)
    if not shape:
        raise GraphError(
            "the network's Input layer does not say its size",
            where=f"input blob {name}",
            advice="Say the shape of the input.",
        )
    return shape


class _Lowering:
    """Lowers one layer after the other."""

    def __init__(
        self, simulator: Simulator, how: Arithmetic, shapes: Mapping[str, tuple[int, ...]]
    ) -> None:
        self._model, self._quantized = simulator.model, simulator.quantized
        assert simulator.propagation is not None
        self._propagation, self._how, self._shapes = simulator.propagation, how, shapes
        self._behind: set[str] = set()
        self.entrances: dict[tuple[str, bytes], Entrance] = {}
        self.blobs: dict[str, StoredBlob] = {}
        self.operations: list[Operation] = []
        self.left_out: list[LeftOut] = []

    def take(self, layer: Layer) -> None:
        """Lower a layer, or leave it out."""
        scales = self._propagation.layers[layer.name]
        if not scales.integer:
            self._leave(layer, scales)
            return
        bottoms = [self._bring(layer, i, entry) for i, entry in enumerate(scales.entries)]
        made = self._tops(layer, scales)
        site = Site(layer, bottoms, made, self._add_blob, self.operations.append)
        if layer.name in self._quantized:
            lower_weighted(site, self._quantized[layer.name], self._how)
        else:
            lower_other(site, self._task(scales))
        for top, before, after in zip(layer.tops, made, scales.tops, strict=True):
            if top != before.name and after is not None:
                self._rescale(layer, before, StoredBlob(top, before.shape, "int8", after))

    def _leave(self, layer: Layer, scales: LayerScales) -> None:
        integers = any(b in self.blobs or b in self._behind for b in layer.bottoms)
        if integers:
            self._behind.update(layer.tops)
        if layer.type not in ("Input", "Split"):
            why = f"{layer.type}: {scales.why}"
            self.left_out.append(LeftOut(layer.name, why, integers))

    def _bring(self, layer: Layer, number: int, need: Scale) -> StoredBlob:
        """Return a bottom in the scale in which the layer takes it."""
        name = layer.bottoms[number]
        assert need is not None
        blob = self.blobs.get(name)
        if blob is None or blob.dtype == "int32":
            if blob is not None or name in self._behind:
                raise self._between(layer, name)
            return self._enter(name, need)
        change = prepare_change(blob.scale, need, self._how.flavour, self._how.bits)
        if change is None:
            return blob
        taken = StoredBlob(f"{layer.name} bottom {number}", blob.shape, "int8", need)
        self._rescale(layer, blob, taken)
        return taken

    def _kept(self, blob: str) -> Layer | None:
        """The layer kept in float for which a blob is float, through those that pass it on."""
        producer = self._model.graph.producers[blob]
        if any(producer is layer for layer in self._model.quantizable):
            return None if producer.name in self._quantized else producer
        return next(filter(None, map(self._kept, producer.bottoms)), None)

    def _between(self, layer: Layer, blob: str) -> GraphError:
        producer = self._kept(blob) or self._model.graph.producers[blob]
        why = self._propagation.layers[producer.name].why or self._propagation[blob].why
        if any(producer is layer for layer in self._model.quantizable):
            why = "the plan keeps this layer in float"
        blob = producer.tops[0]
        return GraphError(
            f"its output {blob} is float between integer layers ({why}), and {layer.name} goes on"
            " from it in integers",
            where=f"layer {producer.name} ({producer.type})",
            advice=f"Calibrate it to int8, or keep {layer.name} and what follows in float too.",
        )

    def _enter(self, source: str, need: NDArray[np.float32]) -> StoredBlob:
        """Quantize a float blob at the start of the network, once for each scale."""
        key = (source, need.tobytes())
        if key not in self.entrances:
            number = sum(name == source for name, _ in self.entrances)
            shift = self._how.flavour == "floor" and need.size == 1
            multiplier = multiplier8(need[0], self._how.bits) if shift else None
            name = f"{source} as int8" + (f" {number + 1}" if number else "")
            self.entrances[key] = Entrance(source, name, need, multiplier)
            self._add_blob(StoredBlob(name, self._shapes[source], "int8", need))
        return self.blobs[self.entrances[key].name]

    def _tops(self, layer: Layer, scales: LayerScales) -> list[StoredBlob]:
        """The tops as they come out, before a factor where they leave."""
        made = []
        for top, moved, after in zip(
            layer.tops, scales.moved or scales.tops, scales.tops, strict=True
        ):
            shape = self._shapes[top]
            if moved is None or after is None:
                scale = self._sum_scale(layer)
                shifts = self._how.shifts
                given = multiplier8(np.float32(1) / scale, self._how.bits) if shifts else None
                blob = StoredBlob(top, shape, "int32", scale, given)
            else:
                leaves = prepare_change(moved, after) is not None
                name = f"{top} before its factor" if leaves else top
                blob = StoredBlob(name, shape, "int8", moved)
            self._add_blob(blob)
            made.append(blob)
        return made

    def _sum_scale(self, layer: Layer) -> NDArray[np.float32]:
        quantized, kind = self._quantized[layer.name], values(layer).activation_type
        if kind:
            why = f"its activation {ACTIVATIONS[kind]} comes behind the sums"
            self.left_out.append(LeftOut(layer.name, why, True))
        return quantized.channel_scales * quantized.bottom_scale

    def _task(self, scales: LayerScales) -> Task:
        layer = scales.layer
        slopes = self._model.weight(layer.name, "slope") if layer.type == "PReLU" else None
        return Task.of(scales, slopes, self._how)

    def _rescale(self, layer: Layer, before: StoredBlob, after: StoredBlob) -> None:
        self._add_blob(after)
        change = prepare_change(before.scale, after.scale, self._how.flavour, self._how.bits)
        assert change is not None
        site = Site(layer, [before], [after], self._add_blob, self.operations.append)
        site.rescale(before, after, change)

    def _add_blob(self, blob: StoredBlob) -> None:
        self.blobs[blob.name] = blob

"""The int8 network against the float one, layer by layer, over many images.

Two senses stand side by side. *Accumulated*: both networks run on the same input, and the
int8 one carries its own errors along. *Alone*: the layer gets the float network's blobs, so
that its error is its own; that error is split into causes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from workbench.calibration.inputs import Item
from workbench.calibration.plan import Plan
from workbench.errors import InputError
from workbench.graph import Layer
from workbench.model import Model
from workbench.numerics import compiled, metrics
from workbench.simulation.blob import Run
from workbench.simulation.causes import Causes, Dissection
from workbench.simulation.simulator import Simulator
from workbench.simulation.weight_bits import BitsQuestion, WeightBits

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Metrics:
    """How far a blob is from the float one.

    Over several images each is the mean, and the SQNR that of the mean share of noise.

    Attributes:
        cosine: 1 for the same direction.
        angle_degrees: the angle between both, 0 for the same direction.
        mae: mean |a - b| in real units, a being the float value.
        mre: mean |a - b| / |a| over the elements where a is not 0.
        mre_filtered: the same without ratios above 1.
        sqnr_db: signal to quantization noise; infinite where nothing differs.
    """

    cosine: float
    angle_degrees: float
    mae: float
    mre: float
    mre_filtered: float
    sqnr_db: float

    @classmethod
    def of(cls, reference: Array, result: Array) -> Metrics:
        """Measure one image's blob, float32 of one shape, both in real units."""
        sums = metrics.Sums.of(reference, result)
        figures = (sums.cosine, sums.angle_degrees, sums.mae, sums.mre, sums.mre_filtered)
        return cls(*figures, sums.sqnr_db)

    @classmethod
    def mean(cls, parts: Sequence[Metrics]) -> Metrics:
        """Average over images."""
        columns = np.array([astuple(part)[:-1] for part in parts]).mean(axis=0)
        cosine, angle_degrees, mae, mre, mre_filtered = columns.tolist()
        sqnr_db = metrics.mean_decibels([part.sqnr_db for part in parts])
        return cls(cosine, angle_degrees, mae, mre, mre_filtered, sqnr_db)


@dataclass(frozen=True)
class Row:
    """One layer of the comparison.

    Attributes:
        layer: the layer's name.
        type: ncnn's layer type.
        blob: its first top blob, on which the figures are measured.
        computed: how the int8 network computes it (`Blob.source`).
        accumulated: in the int8 network as a whole.
        alone: on the float network's blobs; None for a layer that stays in float.
        causes: where the error alone comes from; None for a layer without int8 weights.
        weight_bits: what 6 and 8 bits cost; None where there is no question.
    """

    layer: str
    type: str
    blob: str
    computed: str
    accumulated: Metrics
    alone: Metrics | None = None
    causes: Causes | None = None
    weight_bits: WeightBits | None = None


@dataclass(frozen=True)
class Comparison:
    """Float against int8: a row for each layer, in the network's order.

    Attributes:
        scheme: how the int8 network computes.
        images: number of images.
        rows: the layers, without Input and Split, which change nothing.
    """

    scheme: str
    images: int
    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, layer: str) -> Row:
        return next(row for row in self.rows if row.layer == layer)

    def __str__(self) -> str:
        width = max((len(row.layer) for row in self.rows), default=0)
        head = f"{'layer':{width}}  {'cosine':>9} {'angle':>7} {'SQNR dB':>8} {'alone':>8}"
        lines = [f"scheme {self.scheme}, {self.images} images", head]
        for row in self.rows:
            whole = row.accumulated
            alone = f"{row.alone.sqnr_db:8.1f}" if row.alone else "   float"
            lines.append(
                f"{row.layer:{width}}  {whole.cosine:9.6f} {whole.angle_degrees:7.3f} "
                f"{whole.sqnr_db:8.1f} {alone}"
            )
        return "\n".join(lines)


def measured_layers(model: Model) -> tuple[Layer, ...]:
    """The layers whose tops are looked at: all but Input and Split, which change nothing."""
    layers = model.graph.layers
    return tuple(layer for layer in layers if layer.type not in ("Input", "Split") and layer.tops)


def compare(
    model: Model,
    plan: Plan,
    inputs: Sequence[Item],
    scheme: str = "requantize",
    *,
    alone: bool = True,
    progress: bool = True,
) -> Comparison:
    """Compare the float network with its int8 form.

    Args:
        model: the float network.
        plan: decisions for it.
        inputs: images or tensors.
        scheme: a key of `workbench.simulation.scheme.SCHEMES`.
        alone: also measure each int8 layer by itself, and its causes (about twice the time).
        progress: show a progress bar.

    Raises:
        InputError: there are no inputs, or one cannot be used.
    """
    if len(inputs) == 0:
        raise InputError("there are no inputs to compare on")
    compiled.prepare()  # for the metrics
    reference, simulator = Simulator(model, plan, "float"), Simulator(model, plan, scheme)
    questions = (Dissection(model), BitsQuestion(model, plan)) if alone else None
    images = [
        _rows(reference.run(item), simulator.run(item), simulator, questions)
        for item in tqdm(inputs, desc="comparing", unit="image", disable=not progress)
    ]
    return Comparison(scheme, len(images), tuple(map(_mean, zip(*images, strict=True))))


def _rows(
    reference: Run,
    run: Run,
    simulator: Simulator,
    questions: tuple[Dissection, BitsQuestion] | None,
) -> list[Row]:
    rows = []
    for layer in measured_layers(simulator.model):
        top = layer.tops[0]
        expected, got = reference[top].real, run[top]
        row = Row(layer.name, layer.type, top, got.source, Metrics.of(expected, got.real))
        if questions and simulator.in_int8(layer.name):
            by_itself = simulator.alone(layer.name, reference.blobs)[0].real
            row = replace(row, alone=Metrics.of(expected, by_itself))
        if questions and layer.name in simulator.quantized:
            dissection, weight_bits = questions
            quantized = simulator.quantized[layer.name]
            causes = dissection.causes(quantized, reference.blobs, by_itself)
            bits = weight_bits.of(layer.name, reference.blobs)
            row = replace(row, causes=causes, weight_bits=bits)
        rows.append(row)
    return rows


def _mean(rows: Sequence[Row]) -> Row:
    """Average one layer's rows over the images."""
    first = rows[0]
    alone = [row.alone for row in rows if row.alone]
    causes = [row.causes for row in rows if row.causes]
    bits = [row.weight_bits for row in rows if row.weight_bits]
    return replace(
        first,
        accumulated=Metrics.mean([row.accumulated for row in rows]),
        alone=Metrics.mean(alone) if alone else None,
        causes=Causes.mean(causes) if causes else None,
        weight_bits=WeightBits.mean(bits) if bits else None,
    )


def as_objects(result: Comparison) -> list[Mapping[str, object]]:
    """The comparison as plain objects for JSON; what is not finite becomes None."""
    return [_object(row) for row in result]


def _object(row: Row) -> Mapping[str, object]:
    return {
        "layer": row.layer,
        "type": row.type,
        "blob": row.blob,
        **_finite(asdict(row.accumulated)),
        "computed": row.computed,
        "alone": _finite(asdict(row.alone)) if row.alone else None,
        "causes": _finite(asdict(row.causes)) if row.causes else None,
        "weight_bits": _finite(asdict(row.weight_bits)) if row.weight_bits else None,
    }


def _finite(figures: Mapping[str, float]) -> dict[str, object]:
    return {name: value if np.isfinite(value) else None for name, value in figures.items()}

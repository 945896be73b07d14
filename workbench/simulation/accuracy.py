"""Top-1 accuracy on labelled images, float against int8, and how often both agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm.auto import tqdm

from workbench.calibration.inputs import Item
from workbench.calibration.plan import Plan
from workbench.errors import InputError
from workbench.model import Model
from workbench.simulation.simulator import Simulator


@dataclass(frozen=True)
class Accuracy:
    """How often each network names the right class, and how often they name the same.

    Attributes:
        images: number of labelled images.
        float_top1: share of images that the float network has right, 0 to 1.
        int8_top1: share that the int8 network has right.
        agreement: share on which both give the same answer, right or wrong.
        disagreements: positions of the images on which they differ.
    """

    images: int
    float_top1: float
    int8_top1: float
    agreement: float
    disagreements: tuple[int, ...]

    def __str__(self) -> str:
        return (
            f"top-1 on {self.images} images: float {self.float_top1:.2%}, "
            f"int8 {self.int8_top1:.2%}; same answer on {self.agreement:.2%}"
        )


def accuracy(
    model: Model,
    plan: Plan,
    inputs: Sequence[Item],
    labels: Sequence[int],
    scheme: str = "requantize",
    *,
    output: str | None = None,
    progress: bool = True,
    before: Callable[[int], object] | None = None,
) -> Accuracy:
    """Measure a classifier in float and in int8.

    Args:
        model: the float network.
        plan: decisions for it.
        inputs: images or tensors.
        labels: the right class of each, an index into the output blob.
        scheme: a key of `workbench.simulation.scheme.SCHEMES`.
        output: the blob of class scores; the network's only output if not given.
        progress: show a progress bar.
        before: called before each image with the number of those that are done; what it raises
            ends the work.

    Raises:
        InputError: inputs and labels differ in number, or there are several outputs to choose
            from or none of that name, or a label is no index into the output.
    """
    if len(inputs) != len(labels) or len(labels) == 0:
        raise InputError(f"there are {len(inputs)} inputs and {len(labels)} labels")
    if min(labels) < 0:
        raise InputError(f"label {min(labels)} is no index of a class")
    blob = scores_of(model, output)
    pair = [Simulator(model, plan, name) for name in ("float", scheme)]
    bar = tqdm(range(len(inputs)), "measuring accuracy", unit="image", disable=not progress)
    answers = np.empty((len(inputs), 2), np.int64)
    for number in bar:
        if before:
            before(number)
        answers[number] = [_answer(one, inputs[number], blob, max(labels)) for one in pair]
    right = answers == np.asarray(labels)[:, None]
    same = answers[:, 0] == answers[:, 1]
    return Accuracy(
        images=len(labels),
        float_top1=float(right[:, 0].mean()),
        int8_top1=float(right[:, 1].mean()),
        agreement=float(same.mean()),
        disagreements=tuple(np.flatnonzero(~same).tolist()),
    )


def _answer(simulator: Simulator, item: Item, blob: str, largest_label: int) -> int:
    scores = simulator.run(item)[blob].real
    if largest_label >= scores.size:
        raise InputError(
            f"label {largest_label} is no index into {scores.size} class scores",
            where=f"blob {blob}",
        )
    return int(scores.argmax())


def scores_of(model: Model, output: str | None = None) -> str:
    """Return the output that holds the class scores: `output`, or the only one there is.

    Raises:
        InputError: there are several, or none of that name.
    """
    outputs = model.graph.outputs
    if output in outputs:
        return output
    names = ", ".join(outputs)
    if output:
        raise InputError(f"the network has no output {output}", advice=f"It has {names}.")
    if len(outputs) != 1:
        raise InputError(
            f"the network has several outputs ({names})",
            advice="Say which one holds the class scores (output, --output).",
        )
    return outputs[0]

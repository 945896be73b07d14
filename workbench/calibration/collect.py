"""Counting a network's activations over many images: ncnn's two passes.

The first pass finds each blob's largest |x|, the second counts 2048 equal bins up to it.
Source: Tencent/ncnn, tools/quantize/ncnn2table.cpp, QuantNet::quantize_KL.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, ItemsView, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from tqdm.auto import tqdm

from workbench.calibration.inputs import FileInputs, Item, MultiInput
from workbench.calibration.readers import Array
from workbench.calibration.statistics import Statistics
from workbench.calibration.tally import Tally
from workbench.engine import Network
from workbench.errors import CalibrationError, InputError, WorkbenchWarning
from workbench.model import Model

STAGES = ("reading the inputs", "pass 1 of 2: ranges", "pass 2 of 2: histograms")


class Interrupted(KeyboardInterrupt):
    """Collecting was stopped by hand; what was counted is kept (see `collect`)."""


def collect(
    model: Model, inputs: Sequence[Item], *, threads: int = 1, progress: bool = True
) -> Statistics:
    """Run a network in float over all inputs and count what its quantizable layers read.

    Stopped by hand (Ctrl-C, or the notebook's stop button), it keeps what is done: called
    again in the same process with the same network and inputs, it goes on from there.

    Args:
        model: the float network.
        inputs: images or tensors; an item is an array (C, H, W) for the only input blob, or a
            mapping from input blobs to arrays.
        threads: threads of each ncnn run.
        progress: show a progress bar.

    Returns:
        One histogram for each distinct blob that a quantizable layer reads.

    Raises:
        CalibrationError: the network has no layer to quantize.
        InputError: an input cannot be read or does not fit; it is named, before any work is lost.
        EngineError: ncnn cannot run the network.
        Interrupted: stopped by hand.
    """
    key = (model.sha256, fingerprint(inputs))
    collector = _stopped.pop(key, None) or Collector(model, inputs, threads)
    try:
        return collector.run(progress)
    except KeyboardInterrupt as stop:
        _stopped[key] = collector
        raise Interrupted(f"{collector.state}. Collect again to go on from here.") from stop


_stopped: dict[tuple[str, str], Collector] = {}


def fingerprint(inputs: Sequence[Item]) -> str:
    """Tell inputs apart: by content for files, by identity for other sequences."""
    if isinstance(inputs, FileInputs | MultiInput):
        return inputs.fingerprint
    return f"object {id(inputs)}"


@dataclass(frozen=True, eq=False)
class State:
    """How far a collection is. Replaced as a whole after each image, so a stop tears nothing.

    Attributes:
        inputs: what is left to use, in order, after unreadable files are left out.
        stage: index into STAGES; len(STAGES) when all is done.
        done: images finished in this stage.
        tallies: what is known of each blob.
    """

    inputs: Sequence[Item]
    tallies: Mapping[str, Tally]
    stage: int = 0
    done: int = 0

    def __str__(self) -> str:
        if self.stage == len(STAGES):
            return "all images are counted"
        return f"stopped in {STAGES[self.stage]}, {self.done} of {len(self.inputs)} images done"


class Collector:
    """Does what `collect` says, image by image; `run` may be stopped and called again."""

    def __init__(self, model: Model, inputs: Sequence[Item], threads: int = 1) -> None:
        if not model.quantizable:
            raise CalibrationError(
                "the network has no Convolution, ConvolutionDepthWise or InnerProduct layer "
                "with weights of its own",
                advice="There is nothing to quantize in it.",
            )
        if len(inputs) == 0:
            raise InputError("there are no inputs to calibrate on")
        self.model = model
        self.layers = {
            layer.name: model.graph.origin(layer.bottoms[0]) for layer in model.quantizable
        }
        self.fingerprint = fingerprint(inputs)
        self.state = State(inputs, {blob: Tally() for blob in self.layers.values()})
        self._network = Network(model, threads)

    def run(self, progress: bool = True) -> Statistics:
        """Do what is left to do, and return the statistics."""
        steps = (self._read, self._measure, self._count)
        for stage in range(self.state.stage, len(STAGES)):
            self._run_stage(stage, steps[stage], progress)
            self.state = replace(self.state, stage=stage + 1, done=0)
        self._warn_of_nonfinite()
        return self.statistics

    def _run_stage(self, stage: int, step: Callable[[], None], progress: bool) -> None:
        with tqdm(
            total=len(self.state.inputs),
            initial=self.state.done,
            desc=STAGES[stage],
            unit="image",
            disable=not progress,
        ) as bar:
            while self.state.done < len(self.state.inputs):
                step()
                bar.update()

    @property
    def statistics(self) -> Statistics:
        """What has been counted so far."""
        state = self.state
        return Statistics(
            layers=self.layers,
            histograms={blob: tally.histogram for blob, tally in state.tallies.items()},
            nonfinite={blob: tally.nonfinite for blob, tally in state.tallies.items()},
            images=len(state.inputs) if state.stage == len(STAGES) else state.done,
            model_sha256=self.model.sha256,
            inputs=self.fingerprint,
        )

    def _read(self) -> None:
        """Try the next input, before any work is done that an unreadable one could waste."""
        inputs, index = self.state.inputs, self.state.done
        if isinstance(inputs, FileInputs | MultiInput) and not inputs.readable(index):
            rest = [i for i in range(len(inputs)) if i != index]
            if not rest:
                raise InputError("no readable input is left to calibrate on")
            self.state = replace(self.state, inputs=inputs.keep(rest))
        else:
            self.state = replace(self.state, done=index + 1)

    def _measure(self) -> None:
        blobs = self._next_blobs()
        self._update({name: tally.measured(blobs[name]) for name, tally in self._tallies})

    def _count(self) -> None:
        blobs = self._next_blobs()
        self._update({name: tally.counted(blobs[name]) for name, tally in self._tallies})

    @property
    def _tallies(self) -> ItemsView[str, Tally]:
        return self.state.tallies.items()

    def _update(self, tallies: Mapping[str, Tally]) -> None:
        self.state = replace(self.state, tallies=tallies, done=self.state.done + 1)

    def _next_blobs(self) -> dict[str, Array]:
        sample = as_mapping(self.model, self.state.inputs[self.state.done])
        return self._network.run(sample, tuple(self.state.tallies))

    def _warn_of_nonfinite(self) -> None:
        for layer, blob in self.layers.items():
            if number := self.state.tallies[blob].nonfinite:
                warnings.warn(
                    f"layer {layer}: its input {blob} had {number} NaN or infinite values, which "
                    "were not counted. Check the preprocessing and the float network first.",
                    WorkbenchWarning,
                    stacklevel=4,
                )


def as_mapping(model: Model, sample: Item) -> Mapping[str, Array]:
    """Give a lone array the name of the network's only input blob.

    Raises:
        InputError: the network has several inputs, and the sample is one array.
    """
    if isinstance(sample, Mapping):
        return sample
    names = model.graph.inputs
    if len(names) != 1:
        raise InputError(
            f"the network has {len(names)} inputs ({', '.join(names)}), and one array was given",
            advice="Give a mapping from each input blob to its array (see MultiInput).",
        )
    return {names[0]: np.asarray(sample, np.float32)}

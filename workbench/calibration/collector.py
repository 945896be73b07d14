"""A collection while it runs: image by image, stopped and gone on with, kept in a file."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.calibration.checkpoint import load_checkpoint, save_checkpoint
from workbench.calibration.inputs import FileInputs, Item, MultiInput
from workbench.calibration.state import (
    STAGES,
    Kept,
    State,
    Stretch,
    check_arguments,
    marks,
    recall,
    remember,
    start,
)
from workbench.calibration.statistics import Statistics
from workbench.calibration.worker import Part, Worker
from workbench.errors import CalibrationError, InputError, WorkbenchWarning
from workbench.model import Model
from workbench.ops import values

if TYPE_CHECKING:
    from workbench.calibration.processes import Processes

CHECKPOINT_SECONDS = 5.0
"""A checkpoint is written when the last one is older than this."""


class Collector:
    """Does what `collect` says, image by image; `run` may be stopped and called again.

    Attributes:
        state: what has been counted.
        ahead: images that a cluster has counted and not yet handed over.
        watch: called on the thread of `run` whenever either changes; what it raises stops `run`.
    """

    def __init__(
        self,
        model: Model,
        inputs: Sequence[Item],
        threads: int = 1,
        passes: int = 1,
        workers: int = 1,
        checkpoint: Path | None = None,
        client: Any = None,
    ) -> None:
        if not model.quantizable:
            raise CalibrationError(
                "the network has no Convolution, ConvolutionDepthWise or InnerProduct layer "
                "with weights of its own",
                advice="There is nothing to quantize in it.",
            )
        for layer in model.quantizable:
            if values(layer)["int8_scale_term"]:
                raise CalibrationError(
                    "it is int8 already",
                    where=f"layer {layer.name}",
                    advice="Give the float network.",
                )
        if len(inputs) == 0:
            raise InputError("there are no inputs to calibrate on")
        check_arguments(threads, passes, workers)
        if client is not None:
            from workbench.calibration.cluster import check_cluster  # needs the extra "dask"

            check_cluster(client, inputs, threads, workers)
        self.model = model
        self.inputs = inputs
        self.layers = {
            layer.name: model.graph.origin(layer.bottoms[0]) for layer in model.quantizable
        }
        blobs = tuple(dict.fromkeys(self.layers.values()))
        self._worker = Worker(model, inputs, blobs)
        self._threads, self._workers, self._client = threads, workers, client
        self._processes: Processes | None = None
        self.ahead, self.watch = 0, _do_nothing
        self._checkpoint = checkpoint
        self._marks = marks(inputs, contents=checkpoint is not None)
        self.state = self._kept_state(passes) or start(passes, len(inputs), blobs)

    def run(self, progress: bool = True) -> Statistics:
        """Do what is left to do, and return the statistics."""
        try:
            self._save()  # at once, so that a folder that does not exist is no late surprise
            self._run_stage(progress)
            while self.state.stage < len(STAGES[self.state.passes]) - 1:
                self.state = self.state.next_stage()
                self._run_stage(progress)
        except BaseException:
            if not self._checkpoint:
                remember(self._kept, self.inputs)
            raise
        finally:
            if self._processes:
                self._processes.close()
                self._processes = None
            self._save()
        self._warn_of_nonfinite()
        return self.statistics

    def _run_stage(self, progress: bool) -> None:
        with _bar(self.state, progress) as show, closing(self._parts()) as parts:
            for part in parts:
                self._take_in(part)
                show(self.state.done + self.ahead)
                self.watch()
        if not self.state.images:
            raise InputError("no readable input is left to calibrate on")

    def _parts(self) -> Generator[Part | Stretch | int]:
        state = self.state
        absmax = {blob: tally.absmax for blob, tally in state.tallies.items()}
        if self._client is not None:
            from workbench.calibration.cluster import stretches

            return stretches(self._client, self._worker, state.step, absmax, state.left)
        if self._workers > 1:
            from workbench.calibration.processes import Processes  # slow to import

            self._processes = self._processes or Processes(self._worker, self._workers)
            return self._processes.parts(state.step, absmax, state.left)
        return self._worker.parts(state.step, absmax, state.left, self._threads)

    def _take_in(self, part: Part | Stretch | int) -> None:
        if isinstance(part, int):
            self.ahead = part
            return
        if isinstance(part, Stretch):
            for index, said in part.unreadable.items():
                self._may_leave_out(index, said)
            self.state, self.ahead = self.state.stretched(part), 0
        elif part[1] is not None:
            self.state = self.state.added(part[0], part[1])
        elif self._may_leave_out(part[0]):
            self.state = self.state.without(part[0])
        if time.monotonic() - self._saved_at >= CHECKPOINT_SECONDS:
            self._save()

    def _may_leave_out(self, index: int, said: str = "it could not be read") -> bool:
        """Try it again: that warns, or raises if unreadable inputs are to stop the run."""
        inputs = self.inputs
        if isinstance(inputs, FileInputs | MultiInput) and inputs.readable(index):
            raise InputError(
                f"{said}, and a moment later it could be read here",
                where=f"input {index}",
                advice="Collect again to go on; on a cluster every machine must see the file.",
            )
        return True

    @property
    def statistics(self) -> Statistics:
        """What has been counted so far."""
        state = self.state  # once: another thread may replace it meanwhile
        tallies = state.tallies
        return Statistics(
            layers=self.layers,
            histograms={blob: tally.histogram for blob, tally in tallies.items()},
            nonfinite={blob: tally.nonfinite for blob, tally in tallies.items()},
            images=state.images,
            model_sha256=self.model.sha256,
            inputs=fingerprint(self.inputs),
        )

    @property
    def _kept(self) -> Kept:
        return Kept(self.state, self.model.sha256, self._marks[self.state.seen])

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        if self._checkpoint:
            save_checkpoint(self._kept, self._checkpoint)

    def _kept_state(self, passes: int) -> State | None:
        wanted = (passes, self.model.sha256, self._marks)
        if not self._checkpoint:
            kept = recall(*wanted)
        elif self._checkpoint.exists():
            kept = load_checkpoint(self._checkpoint)
            if not kept.fits(*wanted):
                raise CalibrationError(
                    "the checkpoint is of another network, other inputs or another number of "
                    "passes",
                    where=str(self._checkpoint),
                    advice="Give another file, or remove it to start anew.",
                )
        else:
            kept = None
        return replace(kept.state, total=len(self.inputs)) if kept else None

    def _warn_of_nonfinite(self) -> None:
        for layer, blob in self.layers.items():
            if number := self.state.tallies[blob].nonfinite:
                warnings.warn(
                    f"layer {layer}: its input {blob} had {number} NaN or infinite values, which "
                    "were not counted. Check the preprocessing and the float network first.",
                    WorkbenchWarning,
                    stacklevel=4,
                )


@contextmanager
def _bar(state: State, shown: bool) -> Iterator[Callable[[int], object]]:
    """Give what shows how many images are done."""
    if not shown:
        yield lambda done: None
        return
    from tqdm.auto import tqdm  # a tenth of a second

    with tqdm(total=state.total, initial=state.done, desc=state.step.title, unit="image") as bar:
        yield lambda done: bar.update(max(0, done - bar.n))


def _do_nothing() -> None:
    pass


def fingerprint(inputs: Sequence[Item]) -> str:
    """Tell inputs apart: by content for files, by identity for other sequences."""
    if isinstance(inputs, FileInputs | MultiInput):
        return inputs.fingerprint
    return f"object {id(inputs)}"

"""The side of a cluster's worker: it holds the network, reads images and counts.

Source of the parts of dask used here: dask/distributed, distributed/diagnostics/plugin.py.
"""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from copy import copy
from pathlib import Path
from typing import Any

from distributed import WorkerPlugin, get_worker

from workbench.calibration.inputs import FileInputs, MultiInput
from workbench.calibration.state import Stage, Stretch
from workbench.calibration.worker import Part, Worker
from workbench.errors import InputError
from workbench.model import Model, load_model, save_model

Files = FileInputs | MultiInput
_NAMES = ("m.param", "m.bin")


class Station(WorkerPlugin):  # type: ignore[misc]
    """What each worker of the cluster holds: the network, sent once and loaded when first used."""

    def __init__(self, model: Model, blobs: Sequence[str]) -> None:
        with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
            paths = [Path(folder, name) for name in _NAMES]
            save_model(model, *paths)
            self._files = [path.read_bytes() for path in paths]
        self._blobs = tuple(blobs)

    def setup(self, worker: Any) -> None:
        """Called by dask on the worker, also on one that joins or starts again later."""
        self._lock = threading.Lock()
        self._worker: Worker | None = None
        self._warm = False

    def count(
        self, stage: Stage, absmax: Mapping[str, float], inputs: Files, positions: Sequence[int]
    ) -> Stretch:
        """Count some inputs; positions are theirs among all inputs."""
        worker = self._worker_on(inputs)
        total = Stretch(positions[-1], None, {})
        parts = worker.parts(stage, absmax, range(len(positions)), threads=1)
        with self._lock if not self._warm else nullcontext():  # one thread loads the network
            total += self._stretch(next(parts), inputs, positions)
            self._warm = self._warm or total.tallies is not None
        for part in parts:
            total += self._stretch(part, inputs, positions)
        return total

    def _worker_on(self, inputs: Files) -> Worker:
        with self._lock:
            self._worker = self._worker or Worker(self._model(), (), self._blobs)
        worker = copy(self._worker)
        worker.inputs = inputs
        return worker

    def _model(self) -> Model:
        with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
            paths = [Path(folder, name) for name in _NAMES]
            for path, content in zip(paths, self._files, strict=True):
                path.write_bytes(content)
            return load_model(*paths)

    def _stretch(self, part: Part, inputs: Files, positions: Sequence[int]) -> Stretch:
        index, tallies = part
        said = {} if tallies is not None else {positions[index]: unreadable(inputs, index)}
        return Stretch(positions[-1], tallies, said)


def unreadable(inputs: Files, index: int) -> str:
    """Say what this worker cannot read.

    Raises:
        InputError: unreadable inputs are to stop the run.
    """
    where = f"worker {get_worker().address} on {socket.gethostname()}"
    if error := inputs.refusal(index):
        raise InputError(
            f"{error.problem}, says {where}",
            where=error.where,
            advice="Every machine must see the file under this path: mount the same folder there, "
            "or start workers only where it is.",
        ) from error
    return f"{where} could not read it"


def count(
    name: str, stage: Stage, absmax: Mapping[str, float], leaf: tuple[Files, Sequence[int]]
) -> Stretch:
    """Count a leaf: what a task of the cluster does."""
    station: Station = get_worker().plugins[name]
    return station.count(stage, absmax, *leaf)

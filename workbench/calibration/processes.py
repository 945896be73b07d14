"""Counting in processes of this machine."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from workbench.calibration.inputs import Item
from workbench.calibration.state import Stage
from workbench.calibration.worker import Batch, Pace, Part, Worker, handed_over, in_order
from workbench.errors import EngineError
from workbench.model import load_model, save_model
from workbench.numerics import compiled


class Processes:
    """Processes that count; each is started when there is work for it, and serves all stages.

    Args:
        worker: its network, inputs (which must be such that they can be pickled) and blobs.
        number: how many processes.
    """

    def __init__(self, worker: Worker, number: int) -> None:
        self._folder = TemporaryDirectory(prefix="workbench-")
        self._number = number
        save_model(worker.model, *_files(self._folder.name))
        self._pool = ProcessPoolExecutor(
            number,
            multiprocessing.get_context("spawn"),
            _start,
            (self._folder.name, worker.inputs, worker.blobs),
        )

    def parts(
        self, stage: Stage, absmax: Mapping[str, float], positions: Iterable[int]
    ) -> Generator[Part]:
        """Do as `Worker.parts`.

        Raises:
            EngineError: a process was ended from outside.
        """

        def submit(batch: Sequence[int]) -> Future[Batch]:
            with _no_interrupt():
                return self._pool.submit(_count_batch, stage, absmax, batch)

        pace = Pace(list(positions), self._number)
        try:
            yield from handed_over(in_order(submit, pace, self._number + 1))
        except BrokenProcessPool as error:
            raise EngineError(
                "a process that counted was ended from outside",
                advice="Collect again to go on; with fewer workers if memory is short.",
            ) from error

    def close(self) -> None:
        """End the processes when they have done what is under way."""
        self._pool.shutdown(cancel_futures=True)
        self._folder.cleanup()


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Hold Ctrl-C back. A process that starts meanwhile inherits that, so it never dies of one.

    Ctrl-C reaches all processes of a terminal; the parent decides what happens.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_worker: list[Worker] = []
"""In a process of the pool: its worker."""


def _start(folder: str, inputs: Sequence[Item], blobs: Sequence[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    model = load_model(*_files(folder))
    compiled.prepare()
    _worker.append(Worker(model, inputs, blobs))


def _files(folder: str) -> tuple[Path, Path]:
    return Path(folder, "m.param"), Path(folder, "m.bin")


def _count_batch(stage: Stage, absmax: Mapping[str, float], positions: Sequence[int]) -> Batch:
    return _worker[0].batch(stage, absmax, positions)

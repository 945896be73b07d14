"""One input at a time through a network: here, in threads, or in processes."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np

from workbench.calibration.inputs import FileInputs, Item, MultiInput
from workbench.calibration.readers import Array
from workbench.calibration.state import AnyTally, Stage, added
from workbench.engine import Network
from workbench.errors import EngineError, InputError
from workbench.model import Model, load_model, save_model

T = TypeVar("T")
R = TypeVar("R")

BATCH = 8
"""Images that a process counts before it hands over, for its counts are some megabytes."""

Part = tuple[int, Mapping[str, AnyTally] | None]
"""Position of the last input counted, and what it and those before it add; None if unreadable."""


class Worker:
    """Reads inputs, runs the network on them and counts."""

    def __init__(self, model: Model, inputs: Sequence[Item], blobs: Sequence[str]) -> None:
        self.model = model
        self.inputs = inputs
        self.blobs = blobs
        self._network = Network(model)

    def part(self, stage: Stage, absmax: Mapping[str, float], index: int) -> Part:
        """Count one input; `absmax` is what was known of each blob before this stage."""
        try:
            item = self.inputs[index]
        except InputError:
            if not isinstance(self.inputs, FileInputs | MultiInput):
                raise
            return index, None
        blobs = self._network.run(as_mapping(self.model, item), self.blobs)
        return index, {name: stage.part(absmax[name], blobs[name]) for name in self.blobs}

    def parts(
        self, stage: Stage, absmax: Mapping[str, float], positions: Iterable[int], threads: int
    ) -> Generator[Part]:
        """Count many inputs, `threads` at a time, and give what each adds in their order."""
        rest = iter(positions)
        for index in rest:  # the first alone: it loads the network
            yield self.part(stage, absmax, index)
            break
        if threads == 1:
            yield from (self.part(stage, absmax, index) for index in rest)
        else:
            task = partial(self.part, stage, absmax)
            yield from in_order(ThreadPoolExecutor(threads), task, rest, 2 * threads)

    def parts_by_processes(
        self, stage: Stage, absmax: Mapping[str, float], positions: Iterable[int], workers: int
    ) -> Generator[Part]:
        """Do as `parts` in `workers` processes of this machine.

        Raises:
            EngineError: a process was ended from outside.
        """
        task = partial(_count_batch, stage, absmax)
        try:
            with TemporaryDirectory(prefix="workbench-") as folder:
                save_model(self.model, Path(folder, "m.param"), Path(folder, "m.bin"))
                start = (folder, self.inputs, self.blobs)
                context = multiprocessing.get_context("spawn")
                pool = ProcessPoolExecutor(workers, context, _start_process, start)
                for batch in in_order(pool, task, batches(positions), 2 * workers):
                    yield from batch
        except BrokenProcessPool as error:
            raise EngineError(
                "a process that counted was ended from outside",
                advice="Collect again to go on; with fewer workers if memory is short.",
            ) from error


def in_order(pool: Executor, task: Callable[[T], R], items: Iterable[T], ahead: int) -> Iterator[R]:
    """Do a task for each item in a pool, at most `ahead` before the one that is given out."""
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(task, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def batches(positions: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """Cut positions into batches."""
    rest = iter(positions)
    while batch := tuple(islice(rest, BATCH)):
        yield batch


_process: list[Worker] = []
"""In a process of the pool: its worker."""


def _start_process(folder: str, inputs: Sequence[Item], blobs: Sequence[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides
    model = load_model(Path(folder, "m.param"), Path(folder, "m.bin"))
    _process.append(Worker(model, inputs, blobs))


def _count_batch(stage: Stage, absmax: Mapping[str, float], batch: Sequence[int]) -> list[Part]:
    return merged(_process[0].parts(stage, absmax, batch, threads=1))


def merged(parts: Iterable[Part]) -> list[Part]:
    """Add up neighbouring parts; unreadable inputs stand alone."""
    result: list[Part] = []
    for index, tallies in parts:
        before = result[-1][1] if result else None
        if tallies is None or before is None:
            result.append((index, tallies))
        else:
            result[-1] = index, added(before, tallies)
    return result


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

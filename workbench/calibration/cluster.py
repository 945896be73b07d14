"""Counting on a cluster: images are read where a worker is, and counts are merged as a tree.

The inputs are cut into leaves of some images, and leaves into waves. A worker counts a leaf,
workers merge neighbouring leaves two by two, and only what a whole wave adds comes here, as one
set of histograms; a checkpoint can be written after each. Two waves are under way at a time, so
that workers do not wait. A leaf whose worker is lost is counted again by another one.

Source of the parts of dask used here: dask/distributed, distributed/client.py.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from operator import add
from uuid import uuid4

from distributed import Client, Future, KilledWorker
from distributed.utils import CancelledError

from workbench.calibration.inputs import FileInputs, Item
from workbench.calibration.state import Stage, Stretch
from workbench.calibration.station import Files, Station, count
from workbench.calibration.worker import Worker
from workbench.errors import CalibrationError, EngineError, InputError

LEAF = 256
"""Most images of a leaf: what must be counted again if its worker is lost, and so many that to
count them takes longer than to send the counts, which are a megabyte for each blob in one pass."""

LEAVES = 8
"""Leaves of a wave for each thread of the cluster."""

POLL_S = 0.05
PATIENCE_S = 60.0
"""How long a cluster may be without any worker."""


def check_cluster(client: object, inputs: Sequence[Item], threads: int, workers: int) -> None:
    """Raise an error if a collection cannot run on a cluster.

    Raises:
        CalibrationError: it is no client of a cluster, or threads or workers are given too.
        InputError: the inputs are not files.
    """
    if not isinstance(client, Client) or client.asynchronous:
        raise CalibrationError(
            f"client is {client!r}", advice="Give distributed.Client(ADDRESS), not asynchronous."
        )
    if max(threads, workers) > 1:
        raise CalibrationError(
            "threads or workers are given beside client",
            advice="Say how many there are where the cluster's workers are started.",
        )
    if not isinstance(inputs, Files):
        raise InputError(
            "on a cluster the inputs must be files, which are read where the worker is",
            advice="Use ImageFolder, TensorFolder or MultiInput on a folder that all machines see.",
        )


@dataclass
class Wave:
    """Work under way: a tree whose root is what all its leaves add.

    Attributes:
        root: the future of it.
        leaves: images of each leaf that is not yet seen to be done. A future that is kept would
            keep its counts in the cluster's memory.
        counted: images of the others.
    """

    root: Future
    leaves: dict[Future, int]
    counted: int = 0

    def look(self) -> int:
        """Return how many images are counted."""
        for leaf in [leaf for leaf in self.leaves if leaf.status == "finished"]:
            self.counted += self.leaves.pop(leaf)
        return self.counted


@dataclass
class Crew:
    """The cluster's side of one stage: sends out waves, and looks after them."""

    client: Client
    name: str
    stage: Stage
    absmax: Mapping[str, float]
    inputs: Files
    _seen: float = field(default_factory=time.monotonic)
    _asked: float = 0.0

    def send(self, positions: deque[int]) -> Wave:
        """Send out a wave of the next positions, of which there are some."""
        threads = max(1, sum(self.client.nthreads().values()))
        size = min(LEAF, max(1, len(positions) // (4 * threads)))
        leaves = list(islice(_taken(positions, size), LEAVES * threads))
        futures = self.client.map(
            partial(count, self.name, self.stage, self.absmax),
            [(self.inputs.keep(leaf), leaf) for leaf in leaves],
            key=[(f"{self.name}-count", leaf[0], leaf[-1]) for leaf in leaves],
            pure=False,
        )
        sizes = {future: len(leaf) for future, leaf in zip(futures, leaves, strict=True)}
        return Wave(self._merged(futures), sizes)

    def _merged(self, futures: list[Future]) -> Future:
        while len(futures) > 1:
            pairs = zip(futures[::2], futures[1::2], strict=False)
            alone = futures[len(futures) // 2 * 2 :]
            # merged before another leaf is counted, so that few counts wait in memory
            futures = [self.client.submit(add, *p, pure=False, priority=1) for p in pairs] + alone
        return futures[0]

    def result(self, wave: Wave) -> Stretch:
        """Fetch what a wave adds; raises EngineError if the cluster could not bring it about."""
        try:
            stretch: Stretch = wave.root.result()
        except KilledWorker as error:
            raise EngineError(
                f"{error.allowed_failures + 1} workers died at it, the last one "
                f"{error.last_worker.address}",
                where=self._place(error.task, wave),
                advice="See that worker's log. Leave out what kills it, or give workers more "
                "memory, and collect again to go on.",
            ) from error
        except CancelledError as error:
            raise lost(
                "the connection to the scheduler was lost, or another dropped the work"
            ) from error
        return stretch

    def _place(self, task: object, wave: Wave) -> str:
        """The inputs of a task, or all that are not done, since a merge is seldom to blame."""
        keys = [leaf.key for leaf in wave.leaves]
        keys = [key for key in keys if key == task] or keys
        if not keys:
            return "merging counts"
        first, last = (self._name(position) for position in (keys[0][1], keys[-1][2]))
        return first if first == last else f"one of the inputs from {first} to {last}"

    def _name(self, position: int) -> str:
        inputs = self.inputs
        return (
            str(inputs.files[position]) if isinstance(inputs, FileInputs) else f"input {position}"
        )

    def check(self) -> None:
        """Raise EngineError if nobody is there any more to do the work."""
        now = time.monotonic()
        if now - self._asked < 1.0:
            return
        self._asked = now
        if self.client.status == "running" and self.client.nthreads():
            self._seen = now
        elif now - self._seen > PATIENCE_S:
            raise lost(f"the cluster has had no worker for {PATIENCE_S:.0f} s")


def _taken(positions: deque[int], size: int) -> Iterator[list[int]]:
    while positions:
        yield [positions.popleft() for _ in range(min(size, len(positions)))]


def lost(problem: str) -> EngineError:
    """The error of a cluster that is not there."""
    return EngineError(
        problem,
        where="cluster",
        advice="See that the scheduler runs, start workers by `dask worker SCHEDULER`, and collect "
        "again to go on.",
    )


def stretches(
    client: Client,
    worker: Worker,
    stage: Stage,
    absmax: Mapping[str, float],
    positions: Iterable[int],
) -> Generator[Stretch | int]:
    """Count many inputs on a cluster.

    Args:
        client: of the cluster.
        worker: its network, inputs (which must be files) and blobs are used.
        stage, absmax: as in `Worker.part`.
        positions: which inputs, ascending.

    Yields:
        Again and again the number of images that are counted and not yet handed over, and what
        each wave adds, in the order of the positions.

    Raises:
        InputError: a worker cannot read a file; both are named.
        EngineError: the cluster is lost, or workers died again and again at the same images.
    """
    assert isinstance(worker.inputs, Files)
    rest, waves = deque(positions), deque[Wave]()
    name = f"workbench-{uuid4().hex}"
    client.register_plugin(Station(worker.model, worker.blobs), name)
    crew = Crew(client, name, stage, absmax, worker.inputs)
    try:
        while rest or waves:
            while rest and len(waves) < 2:
                waves.append(crew.send(rest))
            if waves[0].root.done():
                yield crew.result(waves.popleft())
            else:
                crew.check()
                yield sum(wave.look() for wave in waves)
                time.sleep(POLL_S)
    finally:
        for wave in waves:  # what nobody waits for is not begun; a leaf under way comes to its end
            for future in (wave.root, *wave.leaves):
                future.release()
        if client.status == "running":
            client.unregister_worker_plugin(name)

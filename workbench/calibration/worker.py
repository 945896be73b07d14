"""Inputs through a network, and what they add: in this process, in one thread or several."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np

from workbench.calibration.inputs import FileInputs, Item, MultiInput
from workbench.calibration.readers import Array
from workbench.calibration.state import AnyTally, Counter, Stage
from workbench.engine import Network
from workbench.errors import InputError
from workbench.model import Model
from workbench.numerics import compiled

T = TypeVar("T")
R = TypeVar("R")

BATCH = 128
"""Most inputs that are counted before they are handed over; merging then costs little."""

LEAST = 8
"""The small batches at the end have so many: to hand over fine counts takes as long as an image."""

BATCH_SECONDS = 1.0
"""So long may it take, so that progress is seen and little is lost."""

Part = tuple[int, Mapping[str, AnyTally] | None]
"""Position of the last input counted, and what it and those before it add; None if unreadable."""

Batch = tuple[list[Part], BaseException | None]
"""What a batch adds, and what ended it early."""


class Worker:
    """Reads inputs, runs the network on them and counts."""

    def __init__(self, model: Model, inputs: Sequence[Item], blobs: Sequence[str]) -> None:
        self.model = model
        self.inputs = inputs
        self.blobs = blobs
        self._network = Network(model)

    def batch(self, stage: Stage, absmax: Mapping[str, float], positions: Sequence[int]) -> Batch:
        """Count some inputs together.

        Args:
            stage: what is counted.
            absmax: largest |x| of each blob in the stages before.
            positions: which inputs, ascending.

        Returns:
            What neighbours add, each unreadable input alone; and the error of the first input
            that could not be run, or the stop by hand, after which no more are counted.
        """
        group = Group({name: partial(stage.counter, absmax[name]) for name in self.blobs})
        try:
            for index in positions:
                group.take(index, self._values(index))
        except BaseException as error:
            return group.parts(), error
        return group.parts(), None

    def _values(self, index: int) -> Iterable[tuple[str, Array]] | None:
        try:
            item = self.inputs[index]
        except InputError:
            if not isinstance(self.inputs, FileInputs | MultiInput):
                raise
            return None
        return self._network.run_values(as_mapping(self.model, item), self.blobs)

    def parts(
        self, stage: Stage, absmax: Mapping[str, float], positions: Iterable[int], threads: int
    ) -> Generator[Part]:
        """Count many inputs, `threads` batches at a time, and give what they add in order."""
        compiled.prepare()  # while the first input, alone, tries out and loads the network
        pace = Pace(list(positions), threads)
        task = partial(self.batch, stage, absmax)
        yield from handed_over(map(task, islice(pace, 1)))
        compiled.prepare(wait=True)  # NumPy would take longer for an image than is left to wait
        if threads == 1:
            yield from handed_over(map(task, pace))
        else:
            with ThreadPoolExecutor(threads) as pool:
                yield from handed_over(in_order(partial(pool.submit, task), pace, threads + 1))


@dataclass
class Group:
    """Neighbouring inputs while they are counted.

    Attributes:
        new: makes a counter for each blob.
    """

    new: Mapping[str, Callable[[], Counter]]
    _parts: list[Part] = field(default_factory=list)
    _counters: Mapping[str, Counter] = field(default_factory=dict)
    _last: int = -1
    _torn: bool = False

    def take(self, index: int, blobs: Iterable[tuple[str, Array]] | None) -> None:
        """Count an input's blobs, as they are computed; None if it is unreadable."""
        if blobs is None:
            self._parts = [*self.parts(), (index, None)]
            self._counters = {}
            return
        for name, values in blobs:  # an input that cannot be run gives none
            self._torn = True
            self._counters = self._counters or {name: new() for name, new in self.new.items()}
            self._counters[name].add(values)
            del values  # that the next blob may lie there
        self._last, self._torn = index, False

    def parts(self) -> list[Part]:
        """What all inputs add; nothing of those since the last part if one is half counted."""
        if self._torn or not self._counters:
            return self._parts
        tallies = {name: counter.finish() for name, counter in self._counters.items()}
        return [*self._parts, (self._last, tallies)]


class Pace(Iterator[Sequence[int]]):
    """Cuts positions into batches: small ones first, so that there is soon something to see, and
    small ones at the end, so that no hand waits long for another.
    """

    def __init__(self, positions: Sequence[int], hands: int) -> None:
        self._positions, self._hands = positions, hands
        self._given = 0
        self._start = 0.0

    def __next__(self) -> Sequence[int]:
        given, hands = self._given, self._hands
        left = len(self._positions) - given
        if not left:
            raise StopIteration
        if given <= 1:  # from when the first has loaded the network
            self._start = time.monotonic()
        seconds = (time.monotonic() - self._start) / max(given - 1, 1)
        quick = int(BATCH_SECONDS / hands / max(seconds, 1e-6))
        even = left if hands == 1 else min(left, max(LEAST, left // (2 * hands)))
        grown = given * 3 // hands
        self._given += max(1, min(BATCH, grown, quick, even))
        return self._positions[given : self._given]


def handed_over(batches: Iterable[Batch]) -> Iterator[Part]:
    """Give the parts of batches, and raise the error of one after its parts."""
    for parts, error in batches:
        yield from parts
        if error:
            raise error


def in_order(submit: Callable[[T], Future[R]], items: Iterable[T], ahead: int) -> Generator[R]:
    """Submit items to a pool, at most `ahead` before the one whose result is given out."""
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(submit(item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


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

"""How far a collection is, and telling whether it may go on with some inputs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol

import numpy as np

from workbench.calibration.fine import FineCounter, FineTally
from workbench.calibration.inputs import FileInputs, Item, MultiInput
from workbench.calibration.readers import Array
from workbench.calibration.tally import Folding, Tally
from workbench.errors import CalibrationError
from workbench.files import seen_at

AnyTally = Tally | FineTally


class Counter(Protocol):
    """Counts one blob of image after image."""

    def add(self, blob: Array) -> None:
        """Take in one image's blob."""

    def finish(self) -> AnyTally:
        """Hand over all that was taken in; nothing can be taken in any more."""


@dataclass(frozen=True)
class Stage:
    """One pass over the inputs.

    Attributes:
        title: what the progress bar says.
        counter: from the largest |x| of a blob in the stages before, makes what counts it.
    """

    title: str
    counter: Callable[[float], Counter]


def _fine(absmax: float) -> Counter:
    return FineCounter()


def _range(absmax: float) -> Counter:
    return Folding(Tally(), Tally.measured)


def _counts(absmax: float) -> Counter:
    return Folding(Tally(absmax=absmax), Tally.counted)


STAGES: Mapping[int, tuple[Stage, ...]] = MappingProxyType(
    {
        1: (Stage("counting", _fine),),
        2: (Stage("pass 1 of 2: ranges", _range), Stage("pass 2 of 2: histograms", _counts)),
    }
)


@dataclass(frozen=True, eq=False)
class Stretch:
    """What neighbouring inputs add.

    Attributes:
        last: position of the last of them.
        tallies: what all add together; None if none of them can be read.
        unreadable: positions of those that cannot, and who says so.
    """

    last: int
    tallies: Mapping[str, AnyTally] | None
    unreadable: Mapping[int, str]

    def __add__(self, later: Stretch) -> Stretch:
        """Join with the stretch that follows."""
        one, two = self.tallies, later.tallies
        both = one if two is None else two if one is None else added(one, two)
        return Stretch(later.last, both, {**self.unreadable, **later.unreadable})


@dataclass(frozen=True, eq=False)
class State:
    """How far a collection is. Replaced as a whole after each image, so a stop tears nothing.

    Attributes:
        passes: 1 or 2.
        total: number of inputs, those left out included.
        tallies: what is known of each blob.
        stage: index into the stages of `passes`.
        done: inputs finished in this stage, in their order, those left out included.
        left_out: positions of unreadable inputs that were left out.
    """

    passes: int
    total: int
    tallies: Mapping[str, AnyTally]
    stage: int = 0
    done: int = 0
    left_out: tuple[int, ...] = ()

    @property
    def step(self) -> Stage:
        """The stage it is in."""
        return STAGES[self.passes][self.stage]

    def __str__(self) -> str:
        return f"stopped in {self.step.title}, {self.done} of {self.total} images done"

    @property
    def left(self) -> Iterator[int]:
        """Positions that this stage has still to do."""
        return (i for i in range(self.done, self.total) if i not in self.left_out)

    @property
    def images(self) -> int:
        """Images finished in this stage."""
        return self.done - sum(position < self.done for position in self.left_out)

    @property
    def seen(self) -> int:
        """How many of the inputs, from the first on, the tallies depend on."""
        return self.total if self.stage else self.done

    def added(self, index: int, parts: Mapping[str, AnyTally]) -> State:
        """Take in what the inputs up to `index` add."""
        return replace(self, tallies=added(self.tallies, parts), done=index + 1)

    def without(self, index: int) -> State:
        """Leave input `index` out."""
        return replace(self, left_out=(*self.left_out, index), done=index + 1)

    def stretched(self, stretch: Stretch) -> State:
        """Take in what a stretch of inputs adds, and leave out its unreadable ones."""
        known = self.tallies if stretch.tallies is None else added(self.tallies, stretch.tallies)
        left_out = (*self.left_out, *stretch.unreadable)
        return replace(self, tallies=known, left_out=left_out, done=stretch.last + 1)

    def next_stage(self) -> State:
        """Go to the next stage."""
        return replace(self, stage=self.stage + 1, done=0)


def added(tallies: Mapping[str, AnyTally], later: Mapping[str, AnyTally]) -> Mapping[str, AnyTally]:
    """Add tallies of one kind blob by blob."""
    return {blob: tally + later[blob] for blob, tally in tallies.items()}  # type: ignore[operator]


def start(passes: int, total: int, blobs: Sequence[str]) -> State:
    """Return the state in which nothing is done."""
    empty = FineTally() if passes == 1 else Tally()
    return State(passes, total, dict.fromkeys(blobs, empty))


def check_arguments(threads: int, passes: int, workers: int) -> None:
    """Raise CalibrationError if an argument of `collect` is out of range."""
    if passes not in STAGES:
        raise CalibrationError(f"passes is {passes}", advice="Use 1 or 2.")
    if min(threads, workers) < 1 or (threads > 1 and workers > 1):
        raise CalibrationError(
            f"threads is {threads} and workers is {workers}",
            advice="Give either at least 1, and only one of them above 1.",
        )


@dataclass(frozen=True, eq=False)
class Kept:
    """What a stopped collection leaves behind.

    Attributes:
        state: how far it came.
        model_sha256: its network.
        mark: tells the inputs apart that its counts depend on (see `marks`).
    """

    state: State
    model_sha256: str
    mark: str

    def fits(self, passes: int, model_sha256: str, marks: Sequence[str]) -> bool:
        """Whether a collection over other inputs would have come by this state too.

        Inputs that were not yet counted may have changed: an unreadable file may be mended.
        """
        state = self.state
        return (
            (state.passes, self.model_sha256) == (passes, model_sha256)
            and state.seen < len(marks)
            and marks[state.seen] == self.mark
            and (state.stage == 0 or state.total == len(marks) - 1)
        )


_stopped: list[tuple[Kept, Sequence[Item]]] = []
"""What was stopped in this process, with its inputs, so that their ids stay theirs."""

_MOST_STOPPED = 4


def remember(kept: Kept, inputs: Sequence[Item]) -> None:
    """Keep a stopped collection in this process; the last few are kept."""
    _stopped.append((kept, inputs))
    del _stopped[:-_MOST_STOPPED]


def recall(passes: int, model_sha256: str, marks: Sequence[str]) -> Kept | None:
    """Take back a stopped collection that fits, the last one first."""
    for position in reversed(range(len(_stopped))):
        if _stopped[position][0].fits(passes, model_sha256, marks):
            return _stopped.pop(position)[0]
    return None


def marks(inputs: Sequence[Item], contents: bool) -> list[str]:
    """Mark i tells the first i inputs apart.

    Files are known by path, size, time of the last change and how they are read.

    Args:
        inputs: the inputs.
        contents: of other inputs than files, whether all are looked at, or they are known by
            which object of this process they are.
    """
    chain = hashlib.sha256()
    result = [chain.hexdigest()]
    for index in range(len(inputs)):
        chain.update(_identity(inputs, index, contents).encode())
        result.append(chain.hexdigest())
    return result


def _identity(inputs: Sequence[Item], index: int, contents: bool) -> str:
    if isinstance(inputs, MultiInput):
        parts = inputs.parts.items()
        return "".join(f"{name}: {_identity(part, index, contents)}" for name, part in parts)
    if isinstance(inputs, FileInputs):
        path = inputs.files[index].absolute()
        seen = seen_at(path)
        about = f"{seen[1]} {seen[2]}" if seen else "missing"
        return f"{inputs.reader!r} {path} {about}\n"
    if not contents:
        return f"object {id(inputs)}\n"
    item = inputs[index]
    arrays = item if isinstance(item, Mapping) else {"": item}
    return "".join(f"{name}: {_digest(array)}\n" for name, array in sorted(arrays.items()))


def _digest(array: Array) -> str:
    data = np.ascontiguousarray(array)
    return f"{data.dtype} {data.shape} {hashlib.sha256(data.tobytes()).hexdigest()}"

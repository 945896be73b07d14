"""What is known of a plan's errors: figures that are fresh, or of an earlier plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

from workbench.calibration.plan import Plan
from workbench.session.outputs import Answer
from workbench.session.reading import Reading
from workbench.simulation.causes import Causes
from workbench.simulation.compare import Metrics


@dataclass(frozen=True)
class Figure:
    """One error on the probes.

    Attributes:
        metrics: the mean over the probes; None if it was not measured yet, or cannot be.
        fresh: whether it is of the report's plan; if not, it is of an earlier one, and being
            refined.
    """

    metrics: Metrics | None = None
    fresh: bool = False


@dataclass(frozen=True)
class Split:
    """What one layer's own error on the probes comes from.

    Attributes:
        causes: the mean over the probes; None if it was not measured yet, or cannot be.
        fresh: as of a `Figure`.
    """

    causes: Causes | None = None
    fresh: bool = False


Errors = Mapping[str, Figure]
Splits = Mapping[str, Split]
Answers = Mapping[int, Answer]
K = TypeVar("K", str, int)
F = TypeVar("F", Figure, Split, Answer)


@dataclass(frozen=True)
class Before:
    """What was known before the present gesture: what a change is looked at against.

    Attributes:
        plan: the decisions then.
        own, accumulated, causes: as of a `LiveReport`. Those that are not fresh were not yet
            refined when the gesture began.
    """

    plan: Plan
    own: Errors
    accumulated: Errors
    causes: Splits


@dataclass(frozen=True)
class LiveReport:
    """What is known of a plan's errors at one moment.

    Attributes:
        plan: the decisions that the fresh figures are of.
        layer: the selected layer.
        reading: what the selected layer's threshold does, from the histogram alone.
        own: of each quantizable layer, on the float network's blobs; no metrics if it is kept
            in float.
        accumulated: of each layer but Input and Split, in the int8 network as a whole.
        causes: of each quantizable layer, where its own error comes from.
        answers: the network's outputs for each probe, by the probe's number.
        outputs: the layers in `accumulated` that write the network's outputs.
        images: number of probes; without any, all figures are fresh and empty.
        before: what was known before the present gesture, be it a drag, a command, or one step
            of undo; None until the plan first changes.
        problem: why there is nothing to wait for, if the computation failed; else "".
    """

    plan: Plan
    layer: str
    reading: Reading
    own: Errors
    accumulated: Errors
    causes: Splits
    answers: Answers
    outputs: tuple[str, ...]
    images: int
    before: Before | None = None
    problem: str = ""

    @property
    def output(self) -> Errors:
        """The accumulated error of each output, by the layer that writes it."""
        return {layer: self.accumulated[layer] for layer in self.outputs}

    @property
    def settled(self) -> bool:
        """Whether everything is fresh."""
        figures = (self.own, self.accumulated, self.causes, self.answers)
        return all(figure.fresh for known in figures for figure in known.values())

    @property
    def now(self) -> Before:
        """What is known at present, to look at later changes against."""
        return Before(self.plan, self.own, self.accumulated, self.causes)

    def reached(self, own: Collection[str], accumulated: Collection[str]) -> LiveReport:
        """Keep what was measured last, but say of these layers that it is being refined.

        If there are any in `accumulated`, so are all answers.
        """
        return replace(
            self,
            own=_stale(self.own, own),
            accumulated=_stale(self.accumulated, accumulated),
            causes=_stale(self.causes, own),
            answers=_stale(self.answers, self.answers if accumulated else ()),
        )

    def entered(
        self,
        own: Errors = MappingProxyType({}),
        accumulated: Errors = MappingProxyType({}),
        causes: Splits = MappingProxyType({}),
        answers: Answers = MappingProxyType({}),
    ) -> LiveReport:
        """Enter what was measured; what is not fresh never takes the place of what is."""
        return replace(
            self,
            own=_entered(self.own, own),
            accumulated=_entered(self.accumulated, accumulated),
            causes=_entered(self.causes, causes),
            answers=_entered(self.answers, answers),
        )


def _stale(figures: Mapping[K, F], names: Collection[K]) -> Mapping[K, F]:
    stale = {name: replace(figures[name], fresh=False) for name in names}
    return MappingProxyType({**figures, **stale})


def _entered(figures: Mapping[K, F], new: Mapping[K, F]) -> Mapping[K, F]:
    better = {name: new[name] for name in new if new[name].fresh or not figures[name].fresh}
    return MappingProxyType({**figures, **better})

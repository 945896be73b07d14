"""How the present decisions came about: immutable steps, one of which is the present."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.calibration.plan import Plan


@dataclass(frozen=True)
class State:
    """All that a person has decided.

    Attributes:
        plan: the decisions for each layer.
        untied: layers that no longer move with those that read the same blob.
    """

    plan: Plan
    untied: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Step:
    """One step of undo.

    Attributes:
        words: what it did.
        state: what it led to.
    """

    words: str
    state: State


@dataclass(frozen=True)
class History:
    """The steps; the first is the start, those after `at` are undone.

    Attributes:
        steps: in the order in which they were done; never empty.
        at: index of the present.
    """

    steps: tuple[Step, ...]
    at: int = 0

    @classmethod
    def starting(cls, state: State) -> History:
        """Begin with a state that nothing led to."""
        return cls((Step("start", state),))

    @property
    def present(self) -> State:
        """What is decided now."""
        return self.steps[self.at].state

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self.at > 0

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return self.at < len(self.steps) - 1

    @property
    def log(self) -> tuple[str, ...]:
        """What each step did, in words, up to the present."""
        return tuple(step.words for step in self.steps[1 : self.at + 1])

    def went_on(self, step: Step, same: bool = False) -> History:
        """Do a step, which forgets those undone; `same` puts it in place of the last one."""
        kept = self.steps[: self.at + (0 if same else 1)]
        return History((*kept, step), len(kept))

    def went_to(self, at: int) -> History:
        """Undo or redo until a step is the present, or as far as there are steps."""
        return History(self.steps, min(max(at, 0), len(self.steps) - 1))

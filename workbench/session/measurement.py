"""Accuracy on a labelled set, measured off the main thread; it can be stopped at any image."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from traitlets import HasTraits, Instance

from workbench.calibration.labelled import Labelled
from workbench.calibration.plan import Plan
from workbench.errors import InputError
from workbench.session.mailbox import Mailbox, problem_of
from workbench.session.session import Session
from workbench.simulation.accuracy import Accuracy, accuracy, scores_of
from workbench.simulation.simulator import Simulator


@dataclass(frozen=True)
class Measured:
    """A result, and what it is of.

    Attributes:
        accuracy: what came of it.
        plan: the decisions that were measured.
        order: the subfolders, if only their order says which class they are.
    """

    accuracy: Accuracy
    plan: Plan
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far a measurement is, and what came of the last one.

    Attributes:
        running: whether it is under way.
        done, images: number of images that are measured, and of all; both 0 before the first.
        seconds_left: as far as can be told; None before the first image is done.
        cancelled: whether it was stopped by `cancel`, after `done` images.
        problem: why it failed; else "".
        measured: the last one that came to its end; None before.
    """

    running: bool = False
    done: int = 0
    images: int = 0
    seconds_left: float | None = None
    cancelled: bool = False
    problem: str = ""
    measured: Measured | None = None


class _Cancelled(Exception):  # noqa: N818 - it is no error
    pass


class Measurement(HasTraits):
    """The accuracy of a session's plan.

    Args:
        session: what is measured: its plan at the moment of `start`.
        scheme: a key of `workbench.simulation.scheme.SCHEMES`.

    Traits (observe them):
        progress: renewed on the measuring thread.
    """

    progress = Instance(Progress, ())

    def __init__(self, session: Session, scheme: str = "requantize") -> None:
        self._session = session
        self._scheme = scheme
        self._mailbox = Mailbox()
        self._asked: object = None
        super().__init__()

    def start(self, labelled: Callable[[], Labelled], output: str | None = None) -> None:
        """Measure from the start, whatever is under way.

        Args:
            labelled: finds the labelled set; called on the measuring thread.
            output: the blob of class scores; the network's only output if not given.
        """
        self._asked = asked = object()
        self._mailbox.post(self, lambda: self._guarded(asked, labelled, output))

    def cancel(self) -> None:
        """Stop before the next image."""
        self._asked = None

    def drain(self, timeout_s: float = 60.0) -> None:
        """Wait until nothing is under way.

        Raises:
            TimeoutError: something is, after `timeout_s` seconds.
        """
        self._mailbox.drain(timeout_s)

    def _guarded(self, asked: object, labelled: Callable[[], Labelled], output: str | None) -> None:
        kept = Progress(measured=self.progress.measured)
        try:
            self.progress = replace(kept, running=True)
            self.progress = Progress(measured=self._measure(asked, labelled(), output))
        except _Cancelled:
            self.progress = replace(self.progress, running=False, cancelled=True)
        except Exception as error:
            self.progress = replace(kept, problem=problem_of(error, "measuring the accuracy"))

    def _measure(self, asked: object, found: Labelled, output: str | None) -> Measured:
        session, plan = self._session, self._session.plan
        output = scores_of(session.model, output)
        images, began = len(found.labels), time.monotonic()

        def before(done: int) -> None:
            if self._asked is not asked:
                raise _Cancelled
            left = (time.monotonic() - began) / done * (images - done) if done else None
            self.progress = replace(self.progress, done=done, images=images, seconds_left=left)

        before(0)
        self._check_order(found, plan, output)
        parts = (session.model, plan, found.inputs, found.labels, self._scheme)
        result = accuracy(*parts, output=output, progress=False, before=before)
        return Measured(result, plan, found.order)

    def _check_order(self, found: Labelled, plan: Plan, output: str) -> None:
        """The order of subfolders says which class they are only if there is one for each."""
        if not found.order:
            return
        run = Simulator(self._session.model, plan, "float").run(found.inputs[0])
        classes = run[output].array.size
        if len(found.order) != classes:
            raise InputError(
                f"there are {len(found.order)} subfolders and {classes} classes",
                advice="Name each subfolder by the number of its class, or give the classes' "
                "names as labels.",
            )

"""What the network says of the probe images, in float and in int8; it follows the plan.

Nothing is computed before it is asked for, and a plan that is dragged past is dropped.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from traitlets import HasTraits, Instance

from workbench.calibration.plan import Plan
from workbench.errors import WorkbenchError
from workbench.numerics import metrics
from workbench.session.mailbox import Mailbox
from workbench.session.session import Session
from workbench.simulation.blob import Run
from workbench.simulation.scheme import scheme_of
from workbench.simulation.simulator import Simulator

_LOG = logging.getLogger(__name__)
Array = NDArray[np.float32]
PATIENCE_S = 0.3
"""Work is not given up sooner: in a drag it would never come to an end, and nothing be seen."""


@dataclass(frozen=True, eq=False)
class Pair:
    """One output of the network for one probe.

    Attributes:
        blob: its name.
        expected, got: float32, in float and in int8 (in real units); their shapes differ only
            where a network's own output has no fixed shape.
    """

    blob: str
    expected: Array
    got: Array

    @property
    def same_shape(self) -> bool:
        """Whether the two can be compared element by element."""
        return self.expected.shape == self.got.shape

    @cached_property
    def cosine(self) -> float:
        """1 for the same direction; NaN if they cannot be compared."""
        return metrics.cosine(self.expected, self.got) if self.same_shape else float("nan")

    @cached_property
    def sqnr_db(self) -> float:
        """Signal to quantization noise in dB; NaN if they cannot be compared."""
        return metrics.sqnr(self.expected, self.got) if self.same_shape else float("nan")

    @property
    def is_vector(self) -> bool:
        """Whether it is a row of at least two numbers, such as scores of classes."""
        return self.same_shape and 1 < self.expected.size == max(self.expected.shape)

    @cached_property
    def are_shares(self) -> bool:
        """Whether float's numbers can be probabilities: none below 0, and their sum is 1."""
        return bool(self.expected.min() >= 0 and abs(self.expected.sum() - 1) < 1e-3)

    def top(self, count: int = 5) -> tuple[int, ...]:
        """The classes that either names among its first `count`, in the order of float."""
        a, b = self.expected.ravel(), self.got.ravel()
        first = {int(i) for scores in (a, b) for i in np.argsort(-scores, kind="stable")[:count]}
        return tuple(sorted(first, key=lambda i: (-a[i], -b[i], i)))


@dataclass(frozen=True, eq=False)
class Answer:
    """The outputs for one probe.

    Attributes:
        pairs: one for each output blob, in the network's order.
        fresh: whether they are of the report's plan; if not, of an earlier one.
    """

    pairs: tuple[Pair, ...]
    fresh: bool

    @property
    def classes(self) -> Pair | None:
        """The class scores, if the network is a classifier: its only output is a vector."""
        return self.pairs[0] if len(self.pairs) == 1 and self.pairs[0].is_vector else None

    @property
    def agrees(self) -> bool | None:
        """Whether both name the same class first; None if the network is no classifier."""
        pair = self.classes
        return None if pair is None else bool(pair.expected.argmax() == pair.got.argmax())


@dataclass(frozen=True, eq=False)
class OutputReport:
    """What is known at one moment.

    Attributes:
        plan: the decisions that fresh answers are of; None before the first question.
        answers: one for each probe; None where there is none yet.
        problem: why there is nothing to wait for, if the computation failed; else "".
    """

    plan: Plan | None
    answers: tuple[Answer | None, ...]
    problem: str = ""

    @property
    def settled(self) -> bool:
        """Whether every answer is fresh."""
        return all(answer is not None and answer.fresh for answer in self.answers)


@dataclass
class _Probe:
    """What is kept of one probe; its int8 run, so that the next one need not start anew."""

    expected: dict[str, Array]
    run: Run


class LiveOutputs(HasTraits):
    """The outputs of a session's plan on its probes.

    Args:
        session: whose plan and probes.
        scheme: a key of `workbench.simulation.scheme.SCHEMES`.

    Traits (observe them):
        report: the newest report. Observers are called on the computing thread.
    """

    report = Instance(OutputReport)

    def __init__(self, session: Session, scheme: str = "requantize") -> None:
        self._session = session
        self._scheme = scheme_of(scheme)
        self._mailbox = Mailbox()
        self._simulators: tuple[Simulator, Simulator] | None = None
        self._probes: dict[int, _Probe] = {}
        self._next = 0
        super().__init__(report=OutputReport(None, (None,) * len(session.probes)))

    def ask(self) -> None:
        """Have the answers to the present plan computed, unless they are already."""
        if self.report.plan is not self._session.plan:
            self._mailbox.post(self, self._guarded)

    def drain(self, timeout_s: float = 60.0) -> None:
        """Wait until all that was asked for is computed and told.

        Raises:
            TimeoutError: it is not, after `timeout_s` seconds.
        """
        self._mailbox.drain(timeout_s)

    def _guarded(self) -> None:
        plan = self._session.plan
        old = (a and replace(a, fresh=False) for a in self.report.answers)
        self.report = OutputReport(plan, tuple(old))
        try:
            self._refine(plan)
        except WorkbenchError as error:
            self.report = replace(self.report, problem=str(error))
        except Exception as error:
            _LOG.exception("the outputs on the probes failed")
            self.report = replace(self.report, problem=f"{type(error).__name__}: {error}")

    def _refine(self, plan: Plan) -> None:
        began, count = time.monotonic(), len(self.report.answers)
        for _ in range(count):
            if self._mailbox.stale(self) and time.monotonic() - began > PATIENCE_S:
                return
            number, self._next = self._next, (self._next + 1) % count  # each has its turn
            answers = list(self.report.answers)
            answers[number] = Answer(self._pairs(plan, number), fresh=True)
            self.report = replace(self.report, answers=tuple(answers))

    def _pairs(self, plan: Plan, number: int) -> tuple[Pair, ...]:
        reference, int8 = self._of(plan)
        item, known = self._session.probes[number], self._probes.get(number)
        outputs = self._session.model.graph.outputs
        if known is None:
            run = reference.run(item)
            expected = {blob: run[blob].real for blob in outputs}
            known = self._probes[number] = _Probe(expected, int8.run(item, earlier=run))
        else:
            known.run = int8.run(item, earlier=known.run)
        return tuple(Pair(blob, known.expected[blob], known.run[blob].real) for blob in outputs)

    def _of(self, plan: Plan) -> tuple[Simulator, Simulator]:
        """The float simulator, and that of a plan: what stays the same is kept."""
        if self._simulators is None:
            model = self._session.model
            self._simulators = Simulator(model, plan, "float"), Simulator(model, plan, self._scheme)
        reference, int8 = self._simulators
        if int8.plan is not plan:
            self._simulators = reference, int8.changed(plan)
        return self._simulators

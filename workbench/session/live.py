"""Errors that follow the plan: computed off the main thread, the newest plan first.

At once there is the reading off the histogram; then the selected layer's own error on the
probes; then the network's outputs, and the accumulated error of every layer; then the own errors
of the other layers; at last what each own error comes from, the selected layer's first. A plan
that is dragged past is dropped.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from traitlets import HasTraits, Instance

from workbench.calibration.plan import Plan
from workbench.session.figures import F, Figure, LiveReport, Split
from workbench.session.mailbox import Mailbox, problem_of
from workbench.session.outputs import Answer, Pair
from workbench.session.probes import Overtaken, Probes
from workbench.session.reach import downstream, touched
from workbench.simulation.causes import Causes
from workbench.simulation.compare import Metrics, measured_layers
from workbench.simulation.scheme import scheme_of

if TYPE_CHECKING:
    from workbench.session.questions import Questions

_NONE: Mapping[Any, Any] = MappingProxyType({})
WATCHED = ("plan", "selected")
SILENCE_S = 0.3
"""So long after the last figure, work is not given up for newer work: in a drag it would never come
to an end where a figure takes longer than the hand, and nothing be seen."""


class LiveErrors(HasTraits):
    """The errors of a session's present plan on its probes.

    Args:
        session: what is followed.
        scheme: a key of `workbench.simulation.scheme.SCHEMES`.

    Traits (observe them):
        report: the newest report. Observers are called on a thread of their own, never two
            at a time; of reports that come faster than they are looked at, the newest counts.
    """

    report = Instance(LiveReport)

    def __init__(self, session: Questions, scheme: str = "requantize") -> None:
        self._session = session
        self._scheme = scheme_of(scheme)
        self._layers = tuple(layer.name for layer in measured_layers(session.model))
        self._work, self._publisher = Mailbox(), Mailbox()
        self._probes: Probes | None = None
        self._told = 0.0
        self._step = len(session.log)
        self._lock = Lock()
        self._latest = self._start()
        super().__init__(report=self._latest)
        session.observe(self._follow, WATCHED)
        self._follow()

    def drain(self, timeout_s: float = 60.0) -> None:
        """Wait until all is computed and told.

        Raises:
            TimeoutError: it is not, after `timeout_s` seconds.
        """
        self._work.drain(timeout_s)
        self._publisher.drain(timeout_s)

    def close(self) -> None:
        """Follow the session no longer."""
        with suppress(ValueError):  # it is closed already
            self._session.unobserve(self._follow, WATCHED)

    def _start(self) -> LiveReport:
        session, fresh = self._session, len(self._session.probes) == 0
        graph = session.model.graph
        return LiveReport(
            plan=session.plan,
            layer=session.selected,
            reading=session.reading(session.selected),
            own=MappingProxyType(dict.fromkeys(session.layers, Figure(fresh=fresh))),
            accumulated=MappingProxyType(dict.fromkeys(self._layers, Figure(fresh=fresh))),
            causes=MappingProxyType(dict.fromkeys(session.layers, Split(fresh=fresh))),
            answers=MappingProxyType(dict.fromkeys(range(len(session.probes)), Answer())),
            outputs=tuple(n for n in self._layers if graph.by_name[n].tops[0] in graph.outputs),
            images=len(session.probes),
        )

    def _follow(self, _: object = None) -> None:
        """Tell at once what is known, and have the rest computed."""
        with self._lock:
            plan, layer, old = self._session.plan, self._session.selected, self._latest
            own, whole = self._reached(old.plan, plan)
            self._latest = replace(
                old.reached(own, whole),
                plan=plan,
                layer=layer,
                reading=self._session.reading(layer),
                before=old.now if self._begins(old.plan, plan) else old.before,
                problem="",
            )
        self._publisher.post(self, self._publish)
        if self._latest.images:
            self._work.post(self, self._guarded)

    def _begins(self, before: Plan, after: Plan) -> bool:
        """Whether another plan begins a gesture; one gesture is one step of the session."""
        went_on, self._step = self._step == len(self._session.log), len(self._session.log)
        return before != after and not went_on

    def _reached(self, before: Plan, after: Plan) -> tuple[Collection[str], Collection[str]]:
        """The layers whose own, and whose accumulated error another plan may change."""
        if before == after or not self._latest.images:
            return (), ()
        if self._scheme.integer:  # one scale may reach every blob
            return self._session.layers, self._layers
        graph = self._session.model.graph
        own = touched(graph, before, after)
        return own, downstream(graph, own).intersection(self._layers)

    def _publish(self) -> None:
        self.report = self._latest

    def _guarded(self) -> None:
        """Refine, and say on the report what goes wrong: nobody sees a thread's exception."""
        report = self._latest
        try:
            self._refine(report)
        except Overtaken:
            return
        except Exception as error:
            self._tell(report, problem=problem_of(error, "the errors on the probes"))

    def _refine(self, report: LiveReport) -> None:
        session, plan = self._session, report.plan
        if self._probes is None:
            parts = (session.model, session.probes, plan, self._scheme)
            self._probes = Probes(*parts, self._overtaken)
        probes = self._probes
        own, rest = _first(report.layer, report.own)
        for name in own:
            self._tell(report, own={name: probes.own(plan, name)})
        if not all(figure.fresh for figure in report.accumulated.values()):
            for number, pairs in probes.answers(plan):
                self._tell(report, answers={number: pairs})
            self._tell(report, accumulated=probes.accumulated(plan))
        for name in rest:
            self._tell(report, own={name: probes.own(plan, name)})
        for name in itertools.chain(*_first(report.layer, report.causes)):
            self._tell(report, causes={name: probes.causes(plan, name)})

    def _tell(
        self,
        asked: LiveReport,
        own: Mapping[str, Metrics | None] = _NONE,
        accumulated: Mapping[str, Metrics | None] = _NONE,
        causes: Mapping[str, Causes | None] = _NONE,
        answers: Mapping[int, tuple[Pair, ...]] = _NONE,
        problem: str = "",
    ) -> None:
        """Enter figures: fresh ones, or, if the plan has moved on, better ones than were there."""
        with self._lock:
            latest = self._latest
            fresh = latest.plan is asked.plan
            entered = latest.entered(
                own={name: Figure(metrics, fresh) for name, metrics in own.items()},
                accumulated={name: Figure(metrics, fresh) for name, metrics in accumulated.items()},
                causes={name: Split(parts, fresh) for name, parts in causes.items()},
                answers={number: Answer(pairs, fresh) for number, pairs in answers.items()},
            )
            self._latest = replace(entered, problem=problem if fresh else latest.problem)
            self._told = time.monotonic()
        self._publisher.post(self, self._publish)

    def _overtaken(self) -> bool:
        return self._work.stale(self) and time.monotonic() < self._told + SILENCE_S


def _first(layer: str, figures: Mapping[str, F]) -> tuple[list[str], list[str]]:
    """The layers whose figure is not fresh: the selected one, if it is among them; the others."""
    stale = [name for name, figure in figures.items() if not figure.fresh]
    return [n for n in stale if n == layer], [n for n in stale if n != layer]

"""Errors that follow the plan: computed off the main thread, the newest plan first.

At once there is the reading off the histogram; then the selected layer's own error on the
probes; then the accumulated error of every layer; then the own errors of the other layers. A
plan that is dragged past is dropped.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING

from traitlets import HasTraits, Instance

from workbench.calibration.plan import Plan
from workbench.errors import WorkbenchError
from workbench.session.mailbox import Mailbox
from workbench.session.probes import Overtaken, Probes, measured_layers
from workbench.session.reach import downstream, touched
from workbench.session.reading import Reading
from workbench.simulation.compare import Metrics
from workbench.simulation.scheme import scheme_of

if TYPE_CHECKING:
    from workbench.session.session import Session

_LOG = logging.getLogger(__name__)
_NONE: Mapping[str, Metrics | None] = MappingProxyType({})
WATCHED = ("plan", "selected")
PATIENCE_S = 0.1
"""Work is not given up sooner: in a drag it would never come to an end, and nothing be seen."""


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
class LiveReport:
    """What is known of a plan's errors at one moment.

    Attributes:
        plan: the decisions that the fresh figures are of.
        layer: the selected layer.
        reading: what the selected layer's threshold does, from the histogram alone.
        own: of each quantizable layer, on the float network's blobs; no metrics if it is kept
            in float.
        accumulated: of each layer but Input and Split, in the int8 network as a whole.
        outputs: the layers in `accumulated` that write the network's outputs.
        images: number of probes; without any, all figures are fresh and empty.
        problem: why there is nothing to wait for, if the computation failed; else "".
    """

    plan: Plan
    layer: str
    reading: Reading
    own: Mapping[str, Figure]
    accumulated: Mapping[str, Figure]
    outputs: tuple[str, ...]
    images: int
    problem: str = ""

    @property
    def output(self) -> Mapping[str, Figure]:
        """The accumulated error of each output, by the layer that writes it."""
        return {layer: self.accumulated[layer] for layer in self.outputs}

    @property
    def settled(self) -> bool:
        """Whether every figure is fresh."""
        figures = (*self.own.values(), *self.accumulated.values())
        return all(figure.fresh for figure in figures)


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

    def __init__(self, session: Session, scheme: str = "requantize") -> None:
        self._session = session
        self._scheme = scheme_of(scheme)
        self._layers = tuple(layer.name for layer in measured_layers(session.model))
        self._work, self._publisher = Mailbox(), Mailbox()
        self._probes: Probes | None = None
        self._began = 0.0
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
        session, images = self._session, len(self._session.probes)
        empty, graph = Figure(fresh=images == 0), session.model.graph
        return LiveReport(
            plan=session.plan,
            layer=session.selected,
            reading=session.reading(session.selected),
            own=MappingProxyType(dict.fromkeys(session.layers, empty)),
            accumulated=MappingProxyType(dict.fromkeys(self._layers, empty)),
            outputs=tuple(n for n in self._layers if graph.by_name[n].tops[0] in graph.outputs),
            images=images,
        )

    def _follow(self, _: object = None) -> None:
        """Tell at once what is known, and have the rest computed."""
        with self._lock:
            plan, layer, old = self._session.plan, self._session.selected, self._latest
            own, whole = self._reached(old.plan, plan)
            self._latest = replace(
                old,
                plan=plan,
                layer=layer,
                reading=self._session.reading(layer),
                own=_stale(old.own, own),
                accumulated=_stale(old.accumulated, whole),
                problem="",
            )
        self._publisher.post(self, self._publish)
        if self._latest.images:
            self._work.post(self, self._guarded)

    def _reached(self, before: Plan, after: Plan) -> tuple[Iterable[str], Iterable[str]]:
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
        report, self._began = self._latest, time.monotonic()
        try:
            self._refine(report)
        except Overtaken:
            return
        except WorkbenchError as error:
            self._tell(report, problem=str(error))
        except Exception as error:
            _LOG.exception("the errors on the probes failed")
            self._tell(report, problem=f"{type(error).__name__}: {error}")

    def _refine(self, report: LiveReport) -> None:
        session, plan = self._session, report.plan
        if self._probes is None:
            parts = (session.model, session.probes, plan, self._scheme)
            self._probes = Probes(*parts, self._overtaken)
        if not report.own[report.layer].fresh:
            self._tell(report, own={report.layer: self._probes.own(plan, report.layer)})
        if not all(figure.fresh for figure in report.accumulated.values()):
            self._tell(report, accumulated=self._probes.accumulated(plan))
        rest = [n for n, figure in report.own.items() if not figure.fresh and n != report.layer]
        for name in rest:
            self._tell(report, own={name: self._probes.own(plan, name)})

    def _tell(
        self,
        asked: LiveReport,
        own: Mapping[str, Metrics | None] = _NONE,
        accumulated: Mapping[str, Metrics | None] = _NONE,
        problem: str = "",
    ) -> None:
        """Enter figures: fresh ones, or, if the plan has moved on, better ones than were there."""
        with self._lock:
            latest = self._latest
            fresh = latest.plan is asked.plan
            self._latest = replace(
                latest,
                own=_entered(latest.own, own, fresh),
                accumulated=_entered(latest.accumulated, accumulated, fresh),
                problem=problem if fresh else latest.problem,
            )
        self._publisher.post(self, self._publish)

    def _overtaken(self) -> bool:
        return self._work.stale(self) and time.monotonic() - self._began > PATIENCE_S


def _stale(figures: Mapping[str, Figure], names: Iterable[str]) -> Mapping[str, Figure]:
    """Keep what was measured last of these, and say that it is being refined."""
    stale = {name: replace(figures[name], fresh=False) for name in names}
    return MappingProxyType({**figures, **stale})


def _entered(
    figures: Mapping[str, Figure], measured: Mapping[str, Metrics | None], fresh: bool
) -> Mapping[str, Figure]:
    """Enter what was measured; what is of an older plan never takes the place of the fresh."""
    new = {n: Figure(m, fresh) for n, m in measured.items() if fresh or not figures[n].fresh}
    return MappingProxyType({**figures, **new})

"""Errors that follow the plan: computed off the main thread, the newest plan first.

At once there is the reading off the histogram; then the selected layer's own error on the
probes; then the accumulated error of every layer; then the own errors of the other layers. A
plan that is dragged past is dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
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


@dataclass(frozen=True)
class Figure:
    """One error on the probes.

    Attributes:
        metrics: the mean over the probes; None if it was not measured yet, or cannot be.
        fresh: whether it is of the report's plan; if not, it is being refined.
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
            own, whole = self._stale(old.plan, plan)
            self._latest = replace(
                old,
                plan=plan,
                layer=layer,
                reading=self._session.reading(layer),
                own=_with(old.own, dict.fromkeys(own)),
                accumulated=_with(old.accumulated, dict.fromkeys(whole)),
                problem="",
            )
        self._publisher.post(self, self._publish)
        if self._latest.images:
            self._work.post(self, self._guarded)

    def _stale(self, before: Plan, after: Plan) -> tuple[Iterable[str], Iterable[str]]:
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
        except WorkbenchError as error:
            self._tell(report, problem=str(error))
        except Exception as error:
            _LOG.exception("the errors on the probes failed")
            self._tell(report, problem=f"{type(error).__name__}: {error}")

    def _refine(self, report: LiveReport) -> None:
        session, plan = self._session, report.plan
        if self._probes is None:
            inputs, stale = session.probes, partial(self._work.stale, self)
            self._probes = Probes(session.model, inputs, plan, self._scheme, stale)
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
        """Enter fresh figures, unless the plan that they are of is no longer the newest."""
        with self._lock:
            if self._latest.plan is not asked.plan:
                return
            self._latest = replace(
                self._latest,
                own=_with(self._latest.own, own, fresh=True),
                accumulated=_with(self._latest.accumulated, accumulated, fresh=True),
                problem=problem,
            )
        self._publisher.post(self, self._publish)


def _with(
    figures: Mapping[str, Figure], new: Mapping[str, Metrics | None], fresh: bool = False
) -> Mapping[str, Figure]:
    """Replace some figures; those that become stale keep what was measured last."""
    entered = {
        name: Figure(metrics, True) if fresh else replace(figures[name], fresh=False)
        for name, metrics in new.items()
    }
    return MappingProxyType({**figures, **entered}) if entered else figures

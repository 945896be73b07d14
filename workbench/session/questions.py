"""What can be asked about the layers of a session; each answer is of the present decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from workbench.calibration.inputs import Item
from workbench.calibration.plan import Plan, check_method, six_bits_by_rule
from workbench.calibration.statistics import Statistics
from workbench.model import Model
from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds import METHODS, Search
from workbench.session import ties
from workbench.session.decisions import Decisions
from workbench.session.file import preprocessing_of
from workbench.session.history import State
from workbench.session.knowledge import Knowledge
from workbench.session.live import LiveErrors
from workbench.session.reading import Reading


class Questions(Decisions):
    """Decisions on a network, and what is known of its layers.

    Args:
        model: the float network.
        stats: what `collect` counted on it.
        plan: where to start.
        probes: a few inputs to look at errors on.
    """

    def __init__(self, model: Model, stats: Statistics, plan: Plan, probes: Sequence[Item]) -> None:
        self.model = model
        self.probes = probes
        self._known = Knowledge(model, stats)
        self._errors: LiveErrors | None = None
        start = State(plan, ties.untied_at_first(stats.layers, plan))
        super().__init__(stats, start, preprocessing_of(probes))

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the quantizable layers, in the network's order."""
        return tuple(decision.layer for decision in self.plan)

    @property
    def errors(self) -> LiveErrors:
        """The errors of the present plan on the probes, which follow it from the first asking."""
        with self._lock:
            if self._errors is None:
                self._errors = LiveErrors(self)
            return self._errors

    def tied(self, layer: str) -> tuple[str, ...]:
        """The layers whose thresholds move when this one's does, itself included."""
        return ties.tied(self.stats.layers, self._history.present, self.plan[layer].layer)

    def siblings(self, layer: str) -> tuple[str, ...]:
        """The layers that read the same blob, itself included; they can be tied."""
        return ties.siblings(self.stats.layers, self.plan[layer].layer)

    def bits_possible(self, layer: str) -> tuple[int, ...]:
        """How many bits a layer's weights can be given: 6 where ncnn's own tool gives 6."""
        six = six_bits_by_rule(self.model.graph.by_name[layer]) or self.plan[layer].bits == 6
        return (8, 6) if six else (8,)

    def histogram(self, layer: str) -> Histogram:
        """Return the histogram of a layer's bottom blob."""
        return self.stats[self.plan[layer].layer]

    def search(self, layer: str, method: str) -> Search:
        """Return a method's search on a layer; it is computed once and kept."""
        check_method(method)
        return self._known.search(self.plan[layer].layer, method)

    def searches(self, layer: str) -> Mapping[str, Search]:
        """Return every method's search on a layer."""
        return {method: self.search(layer, method) for method in METHODS}

    def reading(self, layer: str, threshold: float | None = None) -> Reading:
        """Say what a threshold (by default the plan's) does to a layer's bottom blob."""
        decision = self.plan[layer]
        if threshold is not None:
            decision = replace(decision, threshold=float(threshold))
        return self._known.reading(layer, decision.threshold, decision.scale)

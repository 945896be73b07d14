"""What a person works on: a network, its statistics, and one immutable plan with a history.

Views observe the traits and call the commands; they compute nothing of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from traitlets import Bool, HasTraits, Instance, Unicode

from workbench.calibration.inputs import Item
from workbench.calibration.plan import BY_HAND, Plan, calibrate, check_method, decide
from workbench.calibration.statistics import Statistics
from workbench.errors import CalibrationError
from workbench.formats.table import write_table
from workbench.model import Model
from workbench.numerics.histogram import Histogram
from workbench.numerics.noise import error_split, sqnr_db
from workbench.numerics.thresholds import METHODS, Search


@dataclass(frozen=True)
class Reading:
    """What a threshold does to one blob, from its histogram alone.

    Attributes:
        threshold: real units.
        scale: int8 levels for one real unit.
        clipped_share: share of all values that are clipped, 0 to 1.
        clipping: mean squared error of the clipped values, over all values (real units squared).
        rounding: mean squared error of the rounded values, over all values.
        sqnr_db: signal to quantization noise in dB; infinite where there is no error.
    """

    threshold: float
    scale: float
    clipped_share: float
    clipping: float
    rounding: float
    sqnr_db: float


class Session(HasTraits):
    """A calibration under way.

    Args:
        model: the float network.
        stats: what `collect` counted on it.
        plan: where to start; KL for every layer if not given.
        probes: a few inputs to look at errors on.

    Traits (observe them):
        plan: the current decisions.
        selected: name of the layer that is looked at.
        can_undo, can_redo: whether the command would do anything.
    """

    plan = Instance(Plan)
    selected = Unicode()
    can_undo = Bool(False)
    can_redo = Bool(False)

    def __init__(
        self,
        model: Model,
        stats: Statistics,
        plan: Plan | None = None,
        probes: Sequence[Item] = (),
    ) -> None:
        plan = plan or calibrate(model, stats)
        super().__init__(plan=plan, selected=plan.layers[0].layer)
        self.model = model
        self.stats = stats
        self.probes = probes
        self._past: list[Plan] = []
        self._future: list[Plan] = []
        self._gesture: object = None
        self._searches = lru_cache(maxsize=None)(self._search)

    # --- questions ------------------------------------------------------------------------

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the quantizable layers, in the network's order."""
        return tuple(decision.layer for decision in self.plan)

    def histogram(self, layer: str) -> Histogram:
        """Return the histogram of a layer's bottom blob."""
        return self.stats[layer]

    def search(self, layer: str, method: str) -> Search:
        """Return a method's search on a layer; it is computed once and kept."""
        check_method(method)
        return self._searches(self.stats.layers[layer], method)

    def searches(self, layer: str) -> Mapping[str, Search]:
        """Return every method's search on a layer."""
        return {method: self.search(layer, method) for method in METHODS}

    def reading(self, layer: str, threshold: float | None = None) -> Reading:
        """Say what a threshold (by default the plan's) does to a layer's bottom blob."""
        decision = self.plan[layer]
        if threshold is not None:
            decision = replace(decision, threshold=threshold)
        histogram = self.histogram(layer)
        clipping, rounding = error_split(histogram, decision.threshold)
        return Reading(
            threshold=decision.threshold,
            scale=decision.scale,
            clipped_share=histogram.clipped_share(decision.threshold),
            clipping=clipping,
            rounding=rounding,
            sqnr_db=sqnr_db(histogram, decision.threshold),
        )

    # --- commands -------------------------------------------------------------------------

    def select(self, layer: str) -> None:
        """Look at another layer."""
        self.selected = self.plan[layer].layer

    def set_threshold(self, layer: str, threshold: float, gesture: object = None) -> None:
        """Set a layer's threshold by hand.

        Args:
            layer: the layer's name.
            threshold: positive, finite, in real units.
            gesture: changes of one gesture (a drag) count as one step of undo; give each
                change of a drag the same object.
        """
        if not 0 < threshold < float("inf"):
            raise CalibrationError(
                f"a threshold of {threshold} is not possible",
                where=f"layer {layer}",
                advice="Give a positive number in the blob's own units.",
            )
        new = self.plan.changed(layer, threshold=float(threshold), method=BY_HAND)
        self._replace(new, gesture)

    def set_method(self, method: str, layers: Sequence[str] | None = None) -> None:
        """Take a method's thresholds for some layers, or for all."""
        check_method(method)
        plan = self.plan
        for name in self.layers if layers is None else layers:
            new = decide(self.model, self.model.graph.by_name[name], self.stats, method)
            plan = plan.changed(name, method=method, threshold=new.threshold)
        self._replace(plan)

    def keep_float(self, layer: str, keep: bool = True) -> None:
        """Leave a layer out of quantization, or take it in again."""
        self._replace(self.plan.changed(layer, keep_float=keep))

    def undo(self) -> None:
        """Go back one step."""
        if self._past:
            self._future.append(self.plan)
            self._show(self._past.pop())

    def redo(self) -> None:
        """Go forward again one step."""
        if self._future:
            self._past.append(self.plan)
            self._show(self._future.pop())

    def save_table(self, path: str | Path) -> None:
        """Write the plan as a calibration table for ncnn's converter."""
        write_table(self.plan.table, path)

    # --- the rest -------------------------------------------------------------------------

    def _replace(self, plan: Plan, gesture: object = None) -> None:
        if plan == self.plan:
            return
        if gesture is None or gesture != self._gesture:
            self._past.append(self.plan)
        self._future.clear()
        self._show(plan, gesture)

    def _show(self, plan: Plan, gesture: object = None) -> None:
        self._gesture = gesture
        with self.hold_trait_notifications():
            self.plan = plan
            self.can_undo = bool(self._past)
            self.can_redo = bool(self._future)

    def _search(self, blob: str, method: str) -> Search:
        return METHODS[method](self.stats.histograms[blob])

    def __repr__(self) -> str:
        return f"<Session: {len(self.layers)} layers, {self.stats.images} images>"

"""What a person works on: a network, its statistics, and one immutable plan with a history.

Views observe the traits and call the commands; they compute nothing of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import RLock

from traitlets import Bool, HasTraits, Instance, Unicode

from workbench.calibration.inputs import Item
from workbench.calibration.plan import (
    BY_HAND,
    LayerPlan,
    Plan,
    calibrate,
    check_method,
    layer_weight_scales,
)
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
    """A calibration under way. Commands may come from any thread; they are done one by one.

    Args:
        model: the float network.
        stats: what `collect` counted on it.
        plan: where to start; KL for every layer if not given.
        probes: a few inputs to look at errors on.

    Traits (observe them):
        plan: the current decisions.
        selected: name of the layer that is looked at.
        can_undo, can_redo: whether the command would do anything.

    Raises:
        CalibrationError: statistics or plan are of another network, or nothing in the network
            can be quantized.
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
        plan = calibrate(model, stats) if plan is None else plan
        _check(model, stats, plan)
        super().__init__(plan=plan, selected=plan.layers[0].layer)
        self.model = model
        self.stats = stats
        self.probes = probes
        self._past: list[Plan] = []
        self._future: list[Plan] = []
        self._gesture: object = None
        self._lock = RLock()
        self._searches = lru_cache(maxsize=None)(self._search)
        self._readings = lru_cache(maxsize=4096)(self._read)
        self._weight_scales = lru_cache(maxsize=None)(self._scale_weights)

    # --- questions ------------------------------------------------------------------------

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the quantizable layers, in the network's order."""
        return tuple(decision.layer for decision in self.plan)

    def histogram(self, layer: str) -> Histogram:
        """Return the histogram of a layer's bottom blob."""
        return self.stats[self.plan[layer].layer]

    def search(self, layer: str, method: str) -> Search:
        """Return a method's search on a layer; it is computed once and kept."""
        check_method(method)
        return self._searches(self.stats.layers[self.plan[layer].layer], method)

    def searches(self, layer: str) -> Mapping[str, Search]:
        """Return every method's search on a layer."""
        return {method: self.search(layer, method) for method in METHODS}

    def reading(self, layer: str, threshold: float | None = None) -> Reading:
        """Say what a threshold (by default the plan's) does to a layer's bottom blob."""
        decision = self.plan[layer]
        if threshold is not None:
            decision = replace(decision, threshold=float(threshold))
        return self._readings(self.stats.layers[layer], decision.threshold, decision.scale)

    # --- commands -------------------------------------------------------------------------

    def select(self, layer: str) -> None:
        """Look at another layer."""
        with self._lock:
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
        with self._lock:
            new = self.plan.changed(layer, threshold=float(threshold), method=BY_HAND)
            self._replace(new, gesture)

    def set_method(self, method: str, layers: Sequence[str] | None = None) -> None:
        """Take a method's thresholds, and its weight scales, for some layers or for all."""
        check_method(method)
        with self._lock:
            chosen = self.layers if layers is None else layers
            new = {name: self._decide(name, method) for name in chosen}
            decisions = tuple(new.get(old.layer, old) for old in self.plan)
            self._replace(replace(self.plan, layers=decisions))

    def keep_float(self, layer: str, keep: bool = True) -> None:
        """Leave a layer out of quantization, or take it in again."""
        with self._lock:
            self._replace(self.plan.changed(layer, keep_float=keep))

    def undo(self) -> None:
        """Go back one step."""
        with self._lock:
            if self._past:
                self._future.append(self.plan)
                self._show(self._past.pop())

    def redo(self) -> None:
        """Go forward again one step."""
        with self._lock:
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

    def _decide(self, layer: str, method: str) -> LayerPlan:
        """Decide as `calibrate` does, but keep the layer's bits and whether it stays float."""
        old = self.plan[layer]
        return replace(
            old,
            method=method,
            threshold=self.search(layer, method).threshold,
            weight_scales=self._weight_scales(layer, method == "aciq", old.bits),
        )

    def _scale_weights(self, layer: str, clip: bool, bits: int) -> tuple[float, ...]:
        scales, _ = layer_weight_scales(
            self.model.graph.by_name[layer],
            self.model.weight(layer, "weight"),
            "aciq" if clip else "kl",
            bits,
        )
        return tuple(scales.tolist())

    def _search(self, blob: str, method: str) -> Search:
        return METHODS[method](self.stats.histograms[blob])

    def _read(self, blob: str, threshold: float, scale: float) -> Reading:
        histogram = self.stats.histograms[blob]
        clipping, rounding = error_split(histogram, threshold)
        return Reading(
            threshold=threshold,
            scale=scale,
            clipped_share=histogram.clipped_share(threshold),
            clipping=clipping,
            rounding=rounding,
            sqnr_db=sqnr_db(histogram, threshold),
        )

    def __repr__(self) -> str:
        return f"<Session: {len(self.layers)} layers, {self.stats.images} images>"


def _check(model: Model, stats: Statistics, plan: Plan) -> None:
    for name, what in (("statistics", stats), ("plan", plan)):
        if what.model_sha256 != model.sha256:
            raise CalibrationError(
                f"the {name} and the network do not belong together",
                advice="Make both from the same .param and .bin.",
            )
    if not plan.layers:
        raise CalibrationError(
            "the network has no layer that int8 can be used for",
            advice="ncnn quantizes Convolution, ConvolutionDepthWise and InnerProduct layers.",
        )

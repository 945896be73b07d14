"""The KL search, step by step: what it compares at each candidate, as a picture that plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import RLock
from typing import Any

import anywidget
import numpy as np
from traitlets import Bool, Bytes, Dict, Float, Int, List, Unicode, validate

from workbench.errors import CalibrationError
from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds import Search, Step
from workbench.numerics.thresholds.groups import groups_of
from workbench.session import Session
from workbench.widgets.assets import script, style
from workbench.widgets.look import digits, look_of
from workbench.widgets.plot import packed
from workbench.widgets.plots import EMPTY
from workbench.widgets.stages import STAGES, VARIANTS, tell
from workbench.widgets.view import View


class StepsPlot(anywidget.AnyWidget):
    """One candidate of a KL search in five stages; the candidate is moved by hand, or plays.

    The browser asks for a candidate by `candidate`; Python computes it and answers by `step`.
    It asks for the next one when it has the answer, so nothing queues up.

        StepsPlot([9, 7, 5, 3, 2, 1, 0, 1], target_bins=4, stage=1)

    Args:
        histogram: what is searched; a list of counts stands for bins that are one unit wide.
        method: a key of `stages.VARIANTS`: "kl", "threshold-distribution" or
            "threshold-distribution-bare", which leaves empty bins empty.
        target_bins: levels of the integers, fewer than bins; 128 for int8.
        traits: any of the attributes.

    Raises:
        CalibrationError: there are too few bins, or no such method.

    Attributes:
        candidate: bin t; the bins 0..t-1 are kept. Starts at the search's choice.
        stage: how much of the story is shown: 1 clip, 2 collect, 3 group, 4 expand, 5 compare.
        step: the answer: t, threshold, loss, outliers, says (a text for each stage), and the
            arrays of `Step` as float32 bytes.
        heights: float32 (bins,), share of all counted values in each bin, as bytes.
        total: how many values were counted.
        curve: float32 (bins - target_bins,), the loss of every candidate, as bytes.
        best: the candidate that the search takes.
        mark: the candidate nearest to the session's threshold, -1 if there is none.
        mark_says: what stands at the mark.
        takes: whether there is a button that takes the threshold.
        taken: what that button took last: the key of the data and the threshold.
        zoom: "all" bins, the "kept" ones, or those "near" the candidate.
    """

    _esm = script(
        "kit.js", "axes.js", "steps_axes.js", "steps_painter.js", "steps_controls.js", "steps.js"
    )
    _css = style()

    method = Unicode("kl").tag(sync=True)
    methods = List(List(Unicode()), [[k, v.label] for k, v in VARIANTS.items()]).tag(sync=True)
    stages = List(Unicode(), list(STAGES)).tag(sync=True)
    about = List(Unicode()).tag(sync=True)
    target_bins = Int(128).tag(sync=True)
    heights = Bytes().tag(sync=True)
    total = Int(0).tag(sync=True)
    bin_width = Float(1.0).tag(sync=True)
    curve = Bytes().tag(sync=True)
    best = Int(0).tag(sync=True)
    candidate = Int(0).tag(sync=True, echo_update=False)
    stage = Int(5, min=1, max=5).tag(sync=True)
    step = Dict().tag(sync=True)
    mark = Int(-1).tag(sync=True)
    mark_says = Unicode().tag(sync=True)
    takes = Bool(False).tag(sync=True)
    taken = Dict().tag(sync=True, echo_update=False)
    key = Unicode().tag(sync=True)
    title = Unicode("The KL search, step by step").tag(sync=True)
    note = Unicode().tag(sync=True)
    log_y = Bool(True).tag(sync=True)
    zoom = Unicode("all").tag(sync=True)

    def __init__(
        self,
        histogram: Histogram | Sequence[int],
        method: str = "kl",
        target_bins: int = 128,
        **traits: Any,
    ) -> None:
        self._lock = RLock()  # JupyterLab's messages and a session's come on threads of their own
        self._histogram: Histogram | None = None
        if not isinstance(histogram, Histogram):
            histogram = Histogram(np.asarray(histogram), float(len(histogram)))
        traits = {"log_y": histogram.counts.size > 64, **traits}
        super().__init__(method=method, target_bins=target_bins, **traits)
        self.show(histogram, traits.get("candidate"))
        self.observe(lambda _: self._answer(), "candidate")
        self.observe(lambda _: self._search_again(), ["method", "target_bins"])

    def show(self, histogram: Histogram, candidate: int | None = None, **traits: Any) -> None:
        """Show another histogram, at a candidate (by default the search's choice)."""
        with self._lock, self.hold_sync():
            self._histogram = histogram
            self._search = self._searched()
            total = int(histogram.counts.sum())
            self.heights = packed(histogram.counts / max(total, 1))
            self.total, self.bin_width = total, histogram.bin_width
            self.note = "" if histogram.counts.any() else EMPTY
            for name, value in traits.items():
                setattr(self, name, value)
            self._draw_search()
            self.candidate = self.best if candidate is None else candidate
            self._answer()

    def laid_open(self) -> Step:
        """Return what the search compares at the present candidate."""
        with self._lock:
            return VARIANTS[self.method].step(self._shown, self.candidate, self.target_bins)

    @property
    def search(self) -> Search:
        """The whole search."""
        return self._search

    def threshold_of(self, candidate: int) -> float:
        """The threshold of a candidate: the middle of its bin, rounded as the search does."""
        where = np.flatnonzero(self._search.bins == candidate)
        return float(self._search.thresholds[where[0]]) if where.size else 0.0

    def nearest(self, threshold: float) -> int:
        """The candidate whose threshold is nearest."""
        assert self._search.bins is not None  # the KL searches walk over bins
        distance = np.abs(self._search.thresholds - threshold)
        return int(self._search.bins[distance.argmin()])

    @property
    def _shown(self) -> Histogram:
        assert self._histogram is not None  # the constructor shows one
        return self._histogram

    @validate("candidate")
    def _inside(self, proposal: Mapping[str, Any]) -> int:
        if self._histogram is None:
            return int(proposal["value"])
        return int(np.clip(proposal["value"], self.target_bins, self._shown.counts.size - 1))

    @validate("target_bins")
    def _enough(self, proposal: Mapping[str, Any]) -> int:
        if self._histogram is not None:
            groups_of(self._shown.counts.size, proposal["value"])  # raises if it cannot be
        return int(proposal["value"])

    @validate("method")
    def _known(self, proposal: Mapping[str, Any]) -> str:
        name = str(proposal["value"])
        if name not in VARIANTS:
            raise CalibrationError(
                f"{name!r} is no KL search", advice=f"Choose one of {', '.join(VARIANTS)}."
            )
        return name

    def _searched(self) -> Search:
        return VARIANTS[self.method].search(self._shown, self.target_bins)

    def _search_again(self) -> None:
        with self._lock, self.hold_sync():
            self._search = self._searched()
            self._draw_search()
            self.candidate = int(self.candidate)  # which the validator takes inside the new ends
            self._answer()

    def _draw_search(self) -> None:
        self.curve = packed(self._search.losses)
        self.best = self._search.bin or 0
        self.about = list(VARIANTS[self.method].about)

    def _answer(self) -> None:
        with self._lock:
            step = self.laid_open()
            variant = VARIANTS[self.method]
            self.step = {
                "t": step.bin,
                "threshold": self.threshold_of(step.bin),
                "loss": step.loss,
                "outliers": step.outliers,
                "says": tell(variant, self._shown, self._search, step, self.target_bins),
                **{
                    name: packed(getattr(step, name))
                    for name in ("clipped", "grouped", "expanded", "shares")
                },
            }


class StepsView(View):
    """The KL searches of the selected layer, step by step, with a button to take a threshold."""

    def __init__(self, session: Session) -> None:
        self._layer = ""
        self.plot = StepsPlot(session.histogram(session.selected), takes=True)
        self.plot.observe(self._take, "taken")
        super().__init__(session, self.plot)

    def refresh(self) -> None:
        """Show the selected layer; of the same layer, only mark the session's threshold."""
        layer = self.session.selected
        if layer != self._layer:
            self.plot.show(
                self.session.histogram(layer),
                key=layer,
                title=f"The KL search on the input of {layer}, step by step",
            )
            self._layer = layer
        decision = self.session.plan[layer]
        nearest = self.plot.nearest(decision.threshold)
        with self.plot.hold_sync():
            self.plot.mark = nearest
            self.plot.mark_says = (
                f"The session's threshold, {digits(decision.threshold)} "
                f"({look_of(decision.method).label}); the nearest candidate is {nearest}"
            )

    def _take(self, change: Mapping[str, Any]) -> None:
        taken = change["new"]
        self.do(self._set, taken["key"], taken["threshold"])

    def _set(self, layer: str, threshold: float) -> None:
        self.session.set_threshold(layer, threshold)
        self.answer(f"{layer} has the threshold {digits(threshold)} now; Undo takes it back.")

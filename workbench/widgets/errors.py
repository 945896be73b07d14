"""The error of every layer: of its input, alone, accumulated, and what it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import anywidget
import ipywidgets as widgets
from traitlets import Dict, List, Unicode

from workbench.session import LiveReport, Session
from workbench.widgets.assets import script, style
from workbench.widgets.controls import TIGHT, named
from workbench.widgets.error_bars import (
    CAUSES,
    IN_FLOAT,
    METRICS,
    UNKNOWN,
    Axis,
    Bar,
    accumulated_bars,
    cause_bars,
    input_bars,
    own_bars,
    say_causes,
    shares,
)
from workbench.widgets.live_view import LiveView

NO_PROBES = "There are no probe images: give the session some to measure errors on."
SHARES = [{"at": share, "text": f"{share:.0%}"} for share in (0, 0.5, 1)]


@dataclass(frozen=True)
class Shown:
    """One kind of error that the chart can show."""

    bars: Callable[[Session, LiveReport, str], Iterator[Bar]]
    means: str
    metrics: tuple[str, ...] = tuple(METRICS)
    on_probes: bool = True


SHOWN = {
    "Input": Shown(
        input_bars,
        "Rounding and clipping of each layer's input, off its histogram alone; the colour is "
        "the method that chose the threshold",
        ("sqnr_db",),
        on_probes=False,
    ),
    "Layer alone": Shown(
        own_bars, "Each int8 layer on the float network's values: the error that it adds itself"
    ),
    "Accumulated": Shown(
        accumulated_bars,
        "Every layer of the whole int8 network, with all errors carried along; grey layers do "
        "not quantize, ▸ marks an output",
    ),
    "Causes": Shown(cause_bars, "What each int8 layer's own error comes from", ()),
}


class ErrorChart(anywidget.AnyWidget):
    """A row of bars, one of which is chosen by pointer or keyboard.

    Attributes:
        layers: for each bar its number (by which the layers are chosen; 0 for none), name and
            type, whether it can be chosen, and whether it is an output of the network.
        bars: for each bar the heights of its parts (`at`) and those before the gesture
            (`was_at`), each 0 to 1; both in words (`says`, `was`); `fresh`, `colour`, `hollow`.
        axis: `title`; `ticks` with a height and a text; `parts`, the names and colours of what
            bars are stacked of.
        chosen: name of the marked layer; the browser changes it.
        status: one line about all bars.
        state: "fresh", "refining" or "wrong".
    """

    _esm = script("kit.js", "errors.js")
    _css = style()

    layers = List(Dict()).tag(sync=True)
    bars = List(Dict()).tag(sync=True)
    axis = Dict().tag(sync=True)
    chosen = Unicode().tag(sync=True)
    status = Unicode().tag(sync=True)
    state = Unicode("fresh").tag(sync=True)


class ErrorsView(LiveView):
    """A bar for each layer, before an outline of what it was before the present gesture."""

    rest_s = 0.15

    def __init__(self, session: Session) -> None:
        self.chart = ErrorChart()
        self.hear(self.chart, "chosen", partial(self.do, session.select))
        self.show = widgets.ToggleButtons(
            options=list(SHOWN),
            value="Accumulated" if len(session.probes) else "Input",
            description="Error",
            tooltips=[shown.means for shown in SHOWN.values()],
            style={**TIGHT, "button_width": "auto"},
        )
        self.metric = widgets.Dropdown(
            options=[(metric.label, key) for key, metric in METRICS.items()],
            value="sqnr_db",
            layout={"width": "auto"},
            **named("Metric", "How the distance from the float network is measured"),
        )
        for control in (self.show, self.metric):
            control.observe(self._changed, "value")
        head = widgets.HTML("<h4>All layers: how far int8 is from float</h4>")
        tools = widgets.HBox([self.show, self.metric]).add_class("wb-errors-tools")
        super().__init__(session, head, tools, self.chart)

    def refresh(self) -> None:
        """Redraw the bars, and mark the selected layer."""
        report, shown = self.errors.report, SHOWN[self.show.value]
        self.metric.disabled = len(shown.metrics) < 2
        key = self.metric.value if self.metric.value in shown.metrics else "sqnr_db"
        bars = list(shown.bars(self.session, report, key))
        axis, drawn = _causes(bars) if not shown.metrics else _metric(key, bars)
        state, status = _status(report, shown, bars)
        with self.chart.hold_sync():
            self.chart.layers = [self._named(bar, report) for bar in bars]
            self.chart.axis = {**axis, "means": shown.means}
            self.chart.bars = drawn
            self.chart.chosen = self.session.selected
            self.chart.state, self.chart.status = state, status

    def _named(self, bar: Bar, report: LiveReport) -> dict[str, Any]:
        can = bar.layer in self.session.layers
        return {
            "number": self.session.layers.index(bar.layer) + 1 if can else 0,
            "name": bar.layer,
            "type": self.session.model.graph.by_name[bar.layer].type,
            "can": can,
            "output": bar.layer in report.outputs,
        }


def _metric(key: str, bars: list[Bar]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The axis and the bars of a metric."""
    metric = METRICS[key]
    known = [v for bar in bars for v in (bar.value, bar.was) if isinstance(v, float)]
    axis = Axis.of(metric, known)
    drawn = [_drawn(bar, lambda v: [axis.height(v)], metric.say) for bar in bars]
    title = f"{metric.label}, {metric.better} is better"
    return {"title": title, "ticks": axis.ticks, "parts": []}, drawn


def _causes(bars: list[Bar]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The axis and the bars of causes."""
    parts = [{"name": name, "colour": colour} for name, colour in CAUSES.items()]
    axis = {"title": "share of the layer's squared error", "ticks": SHARES, "parts": parts}
    return axis, [_drawn(bar, shares, say_causes) for bar in bars]


def _drawn(
    bar: Bar, heights: Callable[[Any], list[float]], say: Callable[[Any], str]
) -> dict[str, Any]:
    """A bar as the browser draws it."""
    now, was = bar.value, bar.was
    nothing = IN_FLOAT if bar.hollow else UNKNOWN
    said = nothing if now is None else say(now)
    changed = was is not None and was != now
    return {
        "at": [] if now is None else [round(height, 4) for height in heights(now)],
        "was_at": [round(height, 4) for height in heights(was)] if changed else [],
        "says": f"{said}, {IN_FLOAT}" if bar.hollow and now is not None else said,
        "was": say(was) if changed and say(was) != said else "",
        "fresh": bar.fresh,
        "colour": bar.colour,
        "hollow": bar.hollow,
    }


def _status(report: LiveReport, shown: Shown, bars: list[Bar]) -> tuple[str, str]:
    """Whether what is shown is fresh, and a line that says so."""
    if not shown.on_probes:
        return "fresh", "Off the histograms of all calibration images: always fresh."
    if not report.images:
        return "wrong", NO_PROBES
    if report.problem:
        return "wrong", f"The errors could not be measured: {report.problem}"
    images = f"{report.images} probe image{'s' if report.images > 1 else ''}"
    if all(bar.fresh for bar in bars):
        return "fresh", f"Fresh: measured on {images}."
    return "refining", f"Refining on {images}: hatched bars are of an earlier plan."

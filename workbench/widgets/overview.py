"""All layers at a glance: how much of each input survives its threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import anywidget
import ipywidgets as widgets
from traitlets import Dict, Float, Int, List, Unicode

from workbench.calibration.plan import LayerPlan
from workbench.session import Session
from workbench.widgets.assets import script, style
from workbench.widgets.look import decibels, digits, look_of, percent
from workbench.widgets.view import View


class Bars(anywidget.AnyWidget):
    """A row of bars, one of which is chosen by pointer or keyboard.

    Attributes:
        bars: mappings with value, colour (a name of the style sheet), hollow (drawn as an
            outline) and says (what it stands for, in words).
        chosen: index of the marked bar; the browser changes it.
        top: the value of a full bar.
        unit: of the values.
        label: what the row is, for a screen reader.
    """

    _esm = script("bars.js")
    _css = style()

    bars = List(Dict()).tag(sync=True)
    chosen = Int(0).tag(sync=True)
    top = Float(1.0).tag(sync=True)
    unit = Unicode().tag(sync=True)
    label = Unicode().tag(sync=True)


class Overview(View):
    """Signal to quantization noise of every layer's input under the plan; a click selects."""

    rest_s = 0.06

    def __init__(self, session: Session) -> None:
        self.bars = Bars(unit="dB", label="Signal to quantization noise of each layer")
        self.bars.observe(self._choose, "chosen")
        head = widgets.HTML(
            "<h4>All layers: signal to quantization noise</h4>Higher is better; the colour is the "
            "method that chose the threshold, an outline is a layer kept in float. Choose a bar "
            "to look at its layer."
        )
        super().__init__(session, head, self.bars)

    def refresh(self) -> None:
        """Redraw the bars, and mark the selected layer."""
        bars = [self._bar(number, layer) for number, layer in enumerate(self.session.plan, 1)]
        with self.bars.hold_sync():
            self.bars.top = 10 * math.ceil(max(bar["value"] for bar in bars) / 10) or 10
            self.bars.bars = bars
            self.bars.chosen = self.session.layers.index(self.session.selected)

    def _bar(self, number: int, decision: LayerPlan) -> dict[str, Any]:
        reading = self.session.reading(decision.layer)
        look = look_of(decision.method)
        how = "kept in float" if decision.keep_float else look.label
        return {
            "value": reading.sqnr_db if math.isfinite(reading.sqnr_db) else 0.0,
            "colour": look.colour,
            "hollow": decision.keep_float,
            "says": f"{number} · {decision.layer} ({decision.type}): {decibels(reading.sqnr_db)}, "
            f"{how}, threshold {digits(reading.threshold)}, "
            f"{percent(reading.clipped_share)} clipped",
        }

    def _choose(self, change: Mapping[str, Any]) -> None:
        layer = self.session.layers[change["new"]]
        if layer != self.session.selected:
            self.do(self.session.select, layer)

"""A picture over thresholds that is dragged in the browser: a histogram or a search's curve."""

from __future__ import annotations

from typing import Any

import anywidget
import numpy as np
from numpy.typing import NDArray
from traitlets import Bool, Bytes, Dict, Enum, Float, Int, List, Unicode

from workbench.widgets.assets import script, style


class ThresholdPlot(anywidget.AnyWidget):
    """One line over thresholds, named marks, and one threshold that the hand moves.

    The browser draws and drags alone; Python sends arrays and observes `hand`.

    Attributes:
        kind: "steps" draws y[i] from x[i] to x[i + 1], "curve" joins the points (x[i], y[i]).
        x: float32 (n + 1,) or (n,), thresholds in real units, as bytes.
        y: float32 (n,), as bytes; a value that is not finite leaves a gap.
        above: float32 (n + 1,), share of all values above each x, as bytes; empty for a curve.
        x_max: right end of the axis, real units.
        zoom: how many times smaller the part of the axis is that is shown.
        step: smallest threshold, and how far an arrow key moves it.
        levels: the integer that the threshold becomes: scale = levels / threshold.
        marks: named thresholds: mappings with label, threshold, colour (a name of
            look.css or a CSS colour) and dash (lengths in pixels).
        threshold: where the line stands.
        hand: what the user did last on this plot: the key of the data, the threshold, the
            gesture (one text for a whole drag or a burst of keys), and which of our moves the
            browser had `seen` then.
        moves: how often the line was moved from here.
        leader: the `model_id` of another plot, whose threshold, zoom, hand and moves this one has
            instead of its own: the two move together in the browser. Empty if it stands alone.
        key: name of what is shown, handed back in `hand`.
        note: if not empty, shown in the middle of the picture instead of the line.
    """

    _esm = script("kit.js", "axes.js", "painter.js", "stage.js", "hand.js", "plot.js")
    _css = style()

    kind = Enum(("steps", "curve"), "steps").tag(sync=True)
    x = Bytes().tag(sync=True)
    y = Bytes().tag(sync=True)
    above = Bytes().tag(sync=True)
    x_max = Float(1.0).tag(sync=True)
    zoom = Float(1.0).tag(sync=True)
    step = Float(1e-3).tag(sync=True)
    levels = Int(127).tag(sync=True)
    marks = List(Dict()).tag(sync=True)
    threshold = Float(1.0).tag(sync=True, echo_update=False)
    hand = Dict().tag(sync=True, echo_update=False)
    moves = Int(0).tag(sync=True)
    leader = Unicode().tag(sync=True)
    key = Unicode().tag(sync=True)
    log_y = Bool(True).tag(sync=True)
    title = Unicode().tag(sync=True)
    subtitle = Unicode().tag(sync=True)
    x_label = Unicode().tag(sync=True)
    y_name = Unicode().tag(sync=True)
    note = Unicode().tag(sync=True)
    height = Int(260).tag(sync=True)
    slider = Bool(False).tag(sync=True)

    def show(self, **changes: Any) -> None:
        """Set several traits in one message; arrays become float32 bytes."""
        with self.hold_sync():
            self.moves += "threshold" in changes
            for name, value in changes.items():
                setattr(self, name, packed(value) if isinstance(value, np.ndarray) else value)

    def move(self, threshold: float) -> None:
        """Put the line somewhere, whatever the browser shows now."""
        known = self.threshold == threshold
        with self.hold_sync():
            self.moves += 1
            self.threshold = threshold
        if known:  # here, and perhaps not there
            self.send_state("threshold")


def packed(values: NDArray[Any]) -> bytes:
    """The bytes of an array as float32, which the browser reads without parsing."""
    return np.ascontiguousarray(values, dtype="<f4").tobytes()

"""Where the outliers live: the channels of a layer's input as a heat map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets
import numpy as np
from traitlets import Bytes, Float, List, Unicode

from workbench.session import Session
from workbench.session.channels import ChannelCounts, LiveChannels, Rows, rows_of
from workbench.widgets.assets import script
from workbench.widgets.controls import named
from workbench.widgets.look import digits
from workbench.widgets.plot import ThresholdPlot, packed
from workbench.widgets.plots import PlotView
from workbench.widgets.view import Watched

MOST_ROWS = 112
"""So many rows of two pixels fit into the picture."""
ORDERS = {"by number": False, "by largest value": True}
NO_PROBES = (
    "The statistics of a calibration keep no channels, and there are no probe images to count "
    "them on. Give the session some: Session(model, stats, probes=images[:4])."
)


class ChannelsPlot(ThresholdPlot):
    """Channels against |value|, counts as colour, and the threshold, which the hand moves.

    Attributes:
        counts: float32 (rows, bins), as bytes; equal bins over [0, end].
        above: float32 (rows, bins + 1), share of a row's values above each edge, as bytes.
        absmax: float32 (rows,), the largest |x| of each row, as bytes.
        end: right edge of the last bin, real units.
        labels: for each row the number of the channel that it begins with.
        says: for each row what it is, in words.
        what: what a row is: channel, column or element.
    """

    _esm = script(
        "kit.js", "axes.js", "painter.js", "heat.js", "stage.js", "hand.js", "channels.js"
    )

    counts = Bytes().tag(sync=True)
    absmax = Bytes().tag(sync=True)
    end = Float(1.0).tag(sync=True)
    labels = List(Unicode()).tag(sync=True)
    says = List(Unicode()).tag(sync=True)
    what = Unicode("channel").tag(sync=True)


class ChannelsView(PlotView):
    """The selected layer's input, channel by channel, on the probe images."""

    def __init__(self, session: Session) -> None:
        self.channels = LiveChannels(session)
        self._filled: object = None
        self.order = widgets.Dropdown(
            options=list(ORDERS.items()),
            **named("Channels", "The order of the rows"),
        )
        self.order.observe(self._changed, "value")
        super().__init__(session, ChannelsPlot(), self.order)

    def watched(self) -> Watched:
        """What has it drawn anew: new counts too."""
        return (*super().watched(), (self.channels, ("known",)))

    def refresh(self) -> None:
        """Draw anew if another layer is selected, and fill in its counts when they are there."""
        super().refresh()
        layer = self.session.selected
        if len(self.session.probes) and self._wanted(layer) != self._filled:
            self.plot.show(**self._counted(layer))

    def draw(self, layer: str) -> Mapping[str, Any]:
        """Return the axis, and the counts if they are known."""
        some = len(self.session.probes) > 0
        self.say("" if some else NO_PROBES)
        counted = self._counted(layer) if some else _nothing("No probe images")
        return {**self.axis(layer), "title": f"Input of {layer}, by channel", **counted}

    def _wanted(self, layer: str) -> object:
        return layer, self.order.value, self.channels.of(layer)

    def _counted(self, layer: str) -> dict[str, Any]:
        counts, images = self.channels.of(layer), len(self.session.probes)
        self._filled = layer, self.order.value, counts
        if counts is None:
            return _nothing(f"Running the network on {_probes(images)} …")
        if isinstance(counts, str):
            self.say(counts, wrong=True)
            return _nothing("The channels could not be counted")
        rows = rows_of(counts, self.order.value, MOST_ROWS)
        return {
            "counts": rows.counts,
            "above": rows.above,
            "absmax": rows.absmax,
            "end": counts.end or 1.0,
            "labels": [str(channels[0]) for channels in rows.channels],
            "says": _sentences(rows, counts.what, self.order.value),
            "what": counts.what,
            "title": f"Input of {layer}, by {counts.what}",
            "subtitle": _about(counts, rows),
            "note": "" if counts.end else "Every value of this input is zero on the probe images",
            "height": min(280, 90 + 24 * len(rows.channels)),
        }


def _probes(images: int) -> str:
    return "the probe image" if images == 1 else f"the {images} probe images"


def _nothing(why: str) -> dict[str, Any]:
    empty = np.zeros(0, np.float32)
    return {
        **dict.fromkeys(("counts", "above", "absmax"), packed(empty)),
        "labels": [],
        "says": [],
        "subtitle": "",
        "note": why,
        "height": 280,
    }


def _about(counts: ChannelCounts, rows: Rows) -> str:
    """Where the outliers are, in one line."""
    number, what = len(counts.absmax), counts.what
    first = int(counts.absmax.argmax())
    said = f"{number} {what}{'s' if number > 1 else ''} on {_probes(counts.images)}"
    if number > 1:
        median = float(np.median(counts.absmax))
        said += f"; largest value {digits(counts.end, 3)} in {what} {first}"
        said += f", half of the {what}s stay below {digits(median, 3)}"
    if len(rows.channels) < number:
        said += f"; up to {max(map(len, rows.channels))} share a row"
    return said


def _sentences(rows: Rows, what: str, by_size: bool) -> list[str]:
    return [
        f"{_named(channels, what, by_size)}: largest {digits(float(absmax))}"
        + ("" if len(channels) == 1 else f" (in {largest})")
        for channels, absmax, largest in zip(rows.channels, rows.absmax, rows.largest, strict=True)
    ]


def _named(channels: Any, what: str, by_size: bool) -> str:
    if len(channels) == 1:
        return f"{what.capitalize()} {channels[0]}"
    if by_size:
        return f"{what.capitalize()}s {', '.join(map(str, channels[:8]))}" + (
            f" and {len(channels) - 8} more" if len(channels) > 8 else ""
        )
    return f"{what.capitalize()}s {channels[0]} to {channels[-1]}"

"""The two pictures of a layer: the histogram of its input, and the curve of a search."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import ipywidgets as widgets

from workbench.numerics.thresholds import METHODS, Search
from workbench.session import Session
from workbench.widgets.controls import named
from workbench.widgets.look import look_of, percent
from workbench.widgets.plot import ThresholdPlot
from workbench.widgets.view import View

EMPTY = "Every value of this input was zero: there is nothing to choose."


class PlotView(View):
    """A plot that follows the session's threshold, while the session follows its hand."""

    def __init__(self, session: Session, plot: ThresholdPlot, *above: widgets.Widget) -> None:
        self.plot = plot
        self._stands: tuple[str, float] | None = None
        self._shown: object = None
        plot.observe(self._hear, "hand")
        super().__init__(session, *above, plot)

    def picture(self) -> object:
        """What is to be drawn; when this changes, the data are sent anew."""
        return self.session.selected

    def draw(self, layer: str) -> Mapping[str, Any]:
        """Return the traits of the plot that show a layer."""
        raise NotImplementedError

    def axis(self, layer: str) -> Mapping[str, Any]:
        """The axis of thresholds, the same for all pictures; ACIQ's may lie beyond the data."""
        histogram = self.session.histogram(layer)
        largest = histogram.absmax
        chosen = [search.threshold for search in self.session.searches(layer).values()]
        end = max([largest, *chosen]) or 1.0
        return {
            "x_max": min(end, 2 * largest or end),
            "step": (largest or 1.0) / histogram.counts.size,
            "x_label": "threshold on |x|, in the units of the network",
            "note": "" if largest else EMPTY,
        }

    def refresh(self) -> None:
        """Draw anew if it is another picture; else move the line, unless it stands there.

        A plot that is led has its leader's line.
        """
        layer = self.session.selected
        threshold = self.session.plan[layer].threshold
        if self._shown != self.picture():
            self._shown = self.picture()
            self.plot.show(key=layer, threshold=threshold, zoom=1.0, **self.draw(layer))
        elif not self.plot.leader and (layer, threshold) != self._stands:
            self.plot.move(threshold)
        self._stands = layer, threshold

    def _hear(self, change: Mapping[str, Any]) -> None:
        hand = change["new"]
        self.post((self, hand["gesture"]), partial(self._obey, hand))

    def _obey(self, hand: Mapping[str, Any]) -> None:
        crossed = hand["seen"] != self.plot.moves  # then the line will stand where we put it
        self._stands = None if crossed else (hand["key"], hand["threshold"])
        self._command(self.session.set_threshold, hand["key"], hand["threshold"], hand["gesture"])
        if crossed:
            self._changed()


class HistogramView(PlotView):
    """The histogram of the selected layer's input, with the threshold of every method."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, ThresholdPlot(kind="steps", slider=True, height=270))

    def draw(self, layer: str) -> Mapping[str, Any]:
        """Return the histogram and the marks."""
        histogram = self.session.histogram(layer)
        searches = self.session.searches(layer)
        zeros = histogram.zeros / max(histogram.total, 1)
        return {
            "x": histogram.edges,
            "y": histogram.counts,
            "above": histogram.clipped_shares(histogram.edges),
            "marks": [] if not histogram.absmax else [_mark(s) for s in searches.values()],
            "title": f"Input of {layer}",
            "subtitle": f"values in each of {histogram.counts.size} bins"
            + (f"; exact zeros ({percent(zeros)} of all values) are not drawn" if zeros else ""),
            **self.axis(layer),
        }


class SearchView(PlotView):
    """The loss of a search at every threshold that it tried."""

    def __init__(self, session: Session, method: str = "kl") -> None:
        self.method = widgets.Dropdown(
            options=[(look_of(name).label, name) for name in METHODS],
            value=method,
            **named("Curve of", "The search whose loss is drawn"),
        )
        self.method.observe(self._changed, "value")
        super().__init__(session, ThresholdPlot(kind="curve", height=190), self.method)

    def picture(self) -> object:
        """What is to be drawn: a layer and a search."""
        return self.session.selected, self.method.value

    def draw(self, layer: str) -> Mapping[str, Any]:
        """Return the curve, and the mark of its choice."""
        searches = self.session.searches(layer)
        search = searches[self.method.value]
        histogram = self.session.histogram(layer)
        return {
            "x": search.thresholds,
            "y": search.losses,
            "marks": [] if not histogram.absmax else [_mark(search)],
            "title": search.loss_name,
            "subtitle": "at each threshold; the search takes the lowest point",
            "y_name": "loss",
            **self.axis(layer),
        }


def join(one: PlotView, other: PlotView) -> None:
    """Move and zoom two pictures together in the browser, without the kernel: `one` leads."""
    other.plot.leader = one.plot.model_id


def _mark(search: Search) -> dict[str, Any]:
    look = look_of(search.method)
    return {
        "label": look.label,
        "threshold": search.threshold,
        "colour": look.colour,
        "dash": list(look.dash),
    }

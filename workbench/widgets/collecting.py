"""Collecting on the page: how far it is, Stop and Go on, and histograms that sharpen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display

from workbench.calibration.inputs import Item
from workbench.calibration.statistics import Statistics
from workbench.model import Model
from workbench.session.collection import Collection, Far, Sketch
from workbench.widgets.controls import button, named
from workbench.widgets.look import look_of, percent
from workbench.widgets.plot import ThresholdPlot
from workbench.widgets.view import View

SMALL, LARGE = 190, 270
PLOTS = 6
NOTHING_YET = "Nothing is counted here yet."
ASKS = "drag the line to ask how much lies above it; nothing is decided here"
EMPTY = "Every value of this input was zero so far."
LOOK = look_of("kl")


class Collecting(View):
    """Collects off the kernel's main thread, and shows the histograms as they grow.

    The line on a histogram stands at the threshold that KL would choose from the images so far,
    until it is moved by hand: then it says how much lies above any other threshold.

    Args:
        model, images: as for `collect`.
        start: begin at once.
        settings: passes, threads, workers, client and checkpoint of `Collection`.

    Attributes:
        collection: what is watched; `collection.start()` and `.stop()` do as the buttons.
    """

    watches = ("far",)
    rest_s = 0.3

    def __init__(
        self, model: Model, images: Sequence[Item], *, start: bool = True, **settings: Any
    ) -> None:
        self.collection = Collection(model, images, **settings)
        self._on_page = self._waiting = False
        self._hands: dict[str, float] = {}
        self.bar = widgets.FloatProgress(min=0.0, max=1.0).add_class("wb-collecting-bar")
        self.bar.tooltip = "Share of the work that is done"
        self.words = widgets.HTML().add_class("wb-collecting-words")
        self.stop = button("Stop", "Stop after this image; it can go on", self.collection.stop)
        self.go_on = button("Go on", "Count the images that are left", self._start)
        self.layer = widgets.Dropdown(
            options=[(self._some(), ""), *((name, name) for name in self.collection.layers)],
            **named("Inputs of", "The layers whose input is drawn while it is counted"),
        )
        self.layer.observe(self._changed, "value")
        self.plots = [self._plot() for _ in range(min(PLOTS, len(self.collection.layers)))]
        self.grid = widgets.Box().add_class("wb-collecting-grid")
        row = [self.stop, self.go_on, self.bar, self.words]
        super().__init__(
            self.collection,  # type: ignore[arg-type] # it is watched as a session is
            widgets.Box(row).add_class("wb-collecting-row"),
            self.layer,
            self.grid,
        )
        if start:
            self._start()

    @property
    def stats(self) -> Statistics | None:
        """The statistics; None before all images are counted."""
        return self.collection.stats

    @property
    def so_far(self) -> Statistics | None:
        """The statistics of the images so far; None before there are histograms."""
        return self.collection.so_far

    def wait(self) -> Statistics:
        """Wait in a cell until all is counted; the kernel's stop button stops the collection.

        Raises:
            Interrupted: it was stopped; what is counted is kept, and it can go on.
            WorkbenchError: it failed; see `collect`.
        """
        if not self._on_page and get_ipython() is not None:
            display(self)  # type: ignore[no-untyped-call]
        try:
            self._waiting = True
            self._changed()
            return self.collection.wait()
        finally:
            self._waiting = False
            self._changed()
            self.drain()

    def refresh(self) -> None:
        """Show how far it is, and the histograms so far."""
        far = self.collection.far
        self.stop.disabled = not far.running or self._waiting
        self.go_on.disabled = far.running or self.stats is not None
        self.bar.value = far.share
        self.words.value = f"<span>{words(far, self.stats is not None, self._waiting)}</span>"
        chosen = [self.layer.value] if self.layer.value else self._spread()
        for plot, layer in zip(self.plots, chosen, strict=False):
            self._draw(plot, layer, SMALL if len(chosen) > 1 else LARGE)
        shown = tuple(self.plots[: len(chosen)])
        if self.grid.children != shown:
            self.grid.children = shown
        self.say(str(far.error) if far.error else "", wrong=True)

    def close(self) -> None:
        """Stop the collection and take the part off the page."""
        if self.comm is not None:
            self.collection.stop()
        super().close()

    def _repr_mimebundle_(self, **settings: Any) -> Any:
        self._on_page = True
        return super()._repr_mimebundle_(**settings)

    def _start(self) -> None:
        self.collection.start()

    def _some(self) -> str:
        count = len(self.collection.layers)
        return f"{PLOTS} of {count} layers" if count > PLOTS else "all layers"

    def _spread(self) -> list[str]:
        """Layers from the first to the last, as many as there are plots."""
        layers, plots = self.collection.layers, len(self.plots)
        return [layers[i * (len(layers) - 1) // max(plots - 1, 1)] for i in range(plots)]

    def _plot(self) -> ThresholdPlot:
        plot = ThresholdPlot(kind="steps", x_label=ASKS)
        plot.observe(lambda change: self._obey(change["new"]), "hand")
        return plot

    def _obey(self, hand: Mapping[str, Any]) -> None:
        self._hands[hand["key"]] = hand["threshold"]

    def _draw(self, plot: ThresholdPlot, layer: str, height: int) -> None:
        sketch = self.collection.sketch(layer)
        traits: dict[str, Any] = {"key": layer, "title": f"Input of {layer}", "height": height}
        traits |= picture(sketch, self.stats is not None) if sketch else _noted(NOTHING_YET)
        if layer in self._hands:
            traits["threshold"] = self._hands[layer]
        if plot.key != layer:
            traits["zoom"] = 1.0
        plot.show(**traits)


def picture(sketch: Sketch, finished: bool = False) -> dict[str, Any]:
    """The traits of a plot that show a histogram so far, and where KL would clip it."""
    histogram, search = sketch.histogram, sketch.search
    if not histogram.absmax:
        return _noted(EMPTY)
    zeros = histogram.zeros / max(histogram.total, 1)
    mark = {
        "label": LOOK.label if finished else "KL so far",
        "threshold": search.threshold,
        "colour": LOOK.colour,
        "dash": list(LOOK.dash),
    }
    return {
        "x": histogram.edges,
        "y": histogram.counts,
        "above": histogram.clipped_shares(histogram.edges),
        "x_max": histogram.absmax,
        "step": histogram.absmax / histogram.counts.size,
        "threshold": search.threshold,
        "marks": [mark],
        "subtitle": f"{percent(zeros)} zeros" if zeros else "",
        "note": "",
    }


def _noted(note: str) -> dict[str, Any]:
    return {"note": note, "subtitle": "", "marks": []}


def words(far: Far, finished: bool, waiting: bool = False) -> str:
    """Say how far a collection is."""
    said = f"<b>{far.done}</b> of {far.images} images"
    if finished:
        return f"{said}, all counted"
    if not far.running:
        return f"{said}, stopped" if far.done else f"{said}, not begun"
    step = "" if far.step == "counting" else f" ({far.step})"
    left = "" if far.seconds_left is None else f", {duration(far.seconds_left)} left"
    hint = ". The cell waits: the kernel's stop button stops it" if waiting else ""
    return said + step + left + hint


def duration(seconds: float) -> str:
    """Write a time as a clock does: 0:07, 12:30, 3:00:00."""
    minutes, rest = divmod(max(round(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

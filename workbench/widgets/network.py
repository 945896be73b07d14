"""The network as a picture: every layer a box, coloured by what a person wants to know of it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import anywidget
import ipywidgets as widgets
from traitlets import Dict, Int, List, Unicode

from workbench.graph import Layer
from workbench.layout import Layout, fitted
from workbench.session import Figure, LiveReport, Session
from workbench.session.description import Description, describe
from workbench.simulation.forms import Form, forms
from workbench.widgets.assets import script, style
from workbench.widgets.controls import named
from workbench.widgets.figures import FORM_WORDS, written
from workbench.widgets.live_view import LiveView
from workbench.widgets.look import digits, look_of

BIG, LOW, SMALL = 36.0, 20.0, 18.0
"""Heights of layers that int8 can be used for, of others, and of Splits."""
LETTER, LEAST, MOST = 7.0, 112.0, 172.0
"""The width of a letter, and between what the widths of boxes are."""
WIDEST = 1330.0
LEAST_DB = (40, 30, 25, 20, 15, 10)
"""The classes of error: from one of these on, or below the last."""
COLOURINGS = {
    "Accumulated error": "accumulated",
    "Error of the layer alone": "own",
    "Arithmetic": "arithmetic",
}
_FORM_LEGEND: dict[Form, str] = {
    "dequantized": "int8 inside, gives float",
    "requantized": "int8 inside, hands int8 on",
    "kept": "float, because you keep it so",
    "float": "float: no int8 kernel for this op",
    "passed": "only passes on what it gets",
}
_TIED = ({"kind": "tied", "words": "tied: they read one blob and move together"},)


class NetworkPicture(anywidget.AnyWidget):
    """Boxes and lines, drawn once; what changes are the marks of the boxes.

    Attributes:
        network: the size of the picture (wide, high), `layers` (mappings with name, type, x, y,
            wide, high, chooses and words) and `lines` (path, writer, reader: indices).
        marks: for each layer its kind (of network.css), a short text, and what it says.
        ties: groups of layers, by index, that move together.
        chosen: index of the selected layer; the browser changes it.
        legend: kinds and their words.
        meaning: what the colours are of.
    """

    _esm = script("kit.js", "drawing.js", "network.js")
    _css = style()

    network = Dict().tag(sync=True)
    marks = List(Dict()).tag(sync=True)
    ties = List(List(Int())).tag(sync=True)
    chosen = Int(0).tag(sync=True)
    legend = List(Dict()).tag(sync=True)
    meaning = Unicode().tag(sync=True)


class NetworkView(LiveView):
    """The network as a picture; a click on a layer that can be quantized selects it."""

    watches = ("plan", "selected", "untied")
    rest_s = 0.3

    def __init__(self, session: Session) -> None:
        self._names = tuple(session.model.graph.by_name)
        self.picture = NetworkPicture(network=_drawn(session))
        self.hear(self.picture, "chosen", self._choose)
        self.colouring = widgets.Dropdown(
            options=COLOURINGS,
            layout={"width": "250px"},
            **named("Colour by", "What the colours of the layers tell"),
        )
        self.colouring.observe(self._changed, "value")
        super().__init__(session, self.colouring, self.picture)

    def refresh(self) -> None:
        """Send the marks of all layers; the picture itself stays."""
        session, report = self.session, self.errors.report
        form = forms(session.model.graph, session.plan)
        coloured: str = self.colouring.value
        marks = []
        for name in self._names:
            kind, text = _mark(name, coloured, form[name], report)
            if name not in session.plan.by_name:  # its box is small, and the legend has the unit
                text = text.replace(" dB", "")
            says = self._said(name, form[name], report)
            marks.append({"kind": kind, "text": text, "says": says})
        tied = {session.tied(layer) for layer in session.layers}
        with self.picture.hold_sync():
            self.picture.marks = marks
            self.picture.ties = sorted(
                [self._names.index(name) for name in group] for group in tied if len(group) > 1
            )
            self.picture.legend = [*_legend(coloured), *(_TIED if self.picture.ties else ())]
            self.picture.meaning = _meaning(coloured, report.images)
            self.picture.chosen = self._names.index(session.selected)

    def _said(self, name: str, form: Form, report: LiveReport) -> str:
        said = [_FORM_LEGEND[form]]
        if decision := self.session.plan.by_name.get(name):
            said.append(
                f"threshold {digits(decision.threshold)} ({look_of(decision.method).label}), "
                f"scale {digits(decision.scale)}, weights of {decision.bits} bits"
            )
            others = [other for other in self.session.tied(name) if other != name]
            said += [f"tied to {', '.join(others)}"] if others else []
        for figures, words in ((report.own, "error alone"), (report.accumulated, "accumulated")):
            if text := written(figures.get(name, Figure(fresh=True))):
                said.append(f"{words} {text}")
        return "; ".join(said)

    def _choose(self, index: int) -> None:
        layer = self._names[index]
        if layer in self.session.plan.by_name:
            self.do(self.session.select, layer)


def _drawn(session: Session) -> dict[str, Any]:
    """The picture without what changes, for the browser."""
    graph, chosen = session.model.graph, frozenset(session.layers)
    layout = fitted(graph, _sizes(graph.layers, chosen), WIDEST)
    words = describe(session.model, session.probes)
    index = {name: number for number, name in enumerate(graph.by_name)}
    return {
        "wide": layout.wide,
        "high": layout.high,
        "layers": [_box(layout, words[name], name in chosen) for name in index],
        "lines": [
            {"path": line.path, "writer": index[line.writer], "reader": index[line.reader]}
            for line in layout.lines
        ],
    }


def _sizes(layers: Sequence[Layer], chosen: Collection[str]) -> dict[str, tuple[float, float]]:
    """Boxes as wide as the longest name of those that can be chosen."""
    longest = max(len(name) for name in chosen)
    wide = min(max(LETTER * longest + 16, LEAST), MOST)
    sizes = {}
    for layer in layers:
        small = layer.type == "Split"
        high = BIG if layer.name in chosen else SMALL if small else LOW
        sizes[layer.name] = (LEAST / 2 if small else wide, high)
    return sizes


def _box(layout: Layout, words: Description, quantizable: bool) -> dict[str, Any]:
    place = layout.places[words.layer]
    said = [words.about or "The workbench does not know this layer type."]
    said += [", ".join(words.settings)] if words.settings else []
    said += [f"reads {', '.join(words.bottoms)}"] if words.bottoms else []
    said += [f"writes {', '.join(words.tops)}"] if words.tops else []
    return {
        "name": words.layer,
        "type": words.type,
        "x": place.x - place.wide / 2,
        "y": place.y - place.high / 2,
        "wide": place.wide,
        "high": place.high,
        "chooses": quantizable,
        "words": said,
    }


def _mark(name: str, coloured: str, form: Form, report: LiveReport) -> tuple[str, str]:
    """The kind of a layer's box, and the short text in it."""
    if coloured == "arithmetic":
        return form, "" if form == "passed" else FORM_WORDS[form]
    figures = report.own if coloured == "own" else report.accumulated
    figure = figures.get(name, Figure(fresh=True))
    if figure.metrics is None:
        return ("none" if figure.fresh else "waits"), written(figure)
    return _error_kind(figure.metrics.sqnr_db), written(figure)


def _error_kind(sqnr_db: float) -> str:
    if math.isnan(sqnr_db):
        return "none"
    return f"error{sum(sqnr_db < least for least in LEAST_DB)}"


def _legend(coloured: str) -> list[dict[str, str]]:
    if coloured == "arithmetic":
        return [{"kind": kind, "words": words} for kind, words in _FORM_LEGEND.items()]
    highest, *rest = LEAST_DB
    between = [f"{low}–{high}" for high, low in zip(LEAST_DB, rest, strict=False)]
    words = [f"≥ {highest} dB", *between, f"< {LEAST_DB[-1]} dB"]
    scale = [{"kind": f"error{number}", "words": text} for number, text in enumerate(words)]
    nothing = "float: no error of its own" if coloured == "own" else "not measured"
    return [*scale, {"kind": "none", "words": nothing}]


def _meaning(coloured: str, images: int) -> str:
    if coloured == "arithmetic":
        return "How ncnn computes each layer"
    if not images:
        return "There are no probe images to measure errors on"
    sense = "by itself" if coloured == "own" else "as the int8 network arrives there"
    probes = "1 probe" if images == 1 else f"{images} probes"
    return f"Signal to quantization noise of each layer's output {sense}, on {probes}"

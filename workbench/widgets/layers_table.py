"""The layers as a table: what is decided for each, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import anywidget
import ipywidgets as widgets
from traitlets import Bool, Dict, List, Unicode

from workbench.calibration.plan import LayerPlan
from workbench.numerics.thresholds import METHODS
from workbench.session import Figure, Session
from workbench.simulation.forms import Form, forms
from workbench.widgets.assets import script, style
from workbench.widgets.controls import button, named
from workbench.widgets.figures import FORM_WORDS, written
from workbench.widgets.live_view import LiveView
from workbench.widgets.look import digits, look_of

Cell = tuple[str, float | str | None]
"""What is shown, and what it is sorted by; None stands last."""

COLUMNS = (
    ("#", "Place in the network"),
    ("Layer", "Choose a layer to look at it"),
    ("Type", "ncnn's layer type"),
    ("Input", "The blob that is quantized for the layer"),
    ("Threshold", "Values of the input above it are clipped to it"),
    ("Scale", "127 / threshold: int8 levels for one unit"),
    ("Method", "Which search chose the threshold"),
    ("Bits", "Bits of the weights"),
    ("Arithmetic", "int8 → int8: hands int8 on, requantized. int8 → float: gives float"),
    ("Error alone", "SQNR of the layer on the float network's blobs: higher is better"),
    ("Accumulated error", "SQNR in the int8 network as a whole: higher is better"),
    ("Tied", "The layers that read the same blob and move with this one"),
)
NUMBERS = (0, 4, 5, 7, 9, 10)
"""The columns that hold numbers, and stand to the right."""


class Table(anywidget.AnyWidget):
    """A table whose rows are chosen by pointer or keyboard, sorted and ticked in the browser.

    Attributes:
        columns: mappings with title, tip and number (whether it holds numbers).
        rows: mappings with layer, cells (texts), keys (what the cells are sorted by), form
            (a kind of network.css) and colour (of look.css, of the method).
        chosen: name of the selected layer; the browser changes it.
        ticked: names of the layers with a tick; the browser changes them.
        settled: whether all is known, so that rows may change their places.
        label: what the table is, for a screen reader.
    """

    _esm = script("kit.js", "table.js")
    _css = style()

    columns = List(Dict()).tag(sync=True)
    rows = List(Dict()).tag(sync=True)
    chosen = Unicode().tag(sync=True)
    ticked = List(Unicode()).tag(sync=True)
    settled = Bool(True).tag(sync=True)
    label = Unicode().tag(sync=True)


class LayerTable(LiveView):
    """Every quantizable layer in a row; what is ticked can be decided on at once."""

    watches = ("plan", "selected", "untied")
    rest_s = 0.3

    def __init__(self, session: Session) -> None:
        self.table = Table(
            columns=[
                {"title": title, "tip": tip, "number": place in NUMBERS}
                for place, (title, tip) in enumerate(COLUMNS)
            ],
            label="The layers that int8 can be used for",
        )
        self.hear(self.table, "chosen", partial(self.do, session.select))
        self.table.observe(lambda _: self._count(), "ticked")
        self.method = widgets.Dropdown(
            options=[(look_of(name).label, name) for name in METHODS],
            layout={"width": "190px"},
            **named("Method", "The search that is taken for the ticked layers"),
        )
        self.counted = widgets.Label()
        self.commands = (
            button("Take for ticked", "Take the method for the ticked layers", self._take),
            button("Keep in float", "Leave the ticked layers in float", self._keep, True),
            button("Back to int8", "Quantize the ticked layers again", self._keep, False),
        )
        tools = widgets.HBox([self.counted, self.method, *self.commands])
        super().__init__(session, tools.add_class("wb-layers-tools"), self.table)
        self._count()

    def refresh(self) -> None:
        """Send the rows."""
        session, report = self.session, self.errors.report
        form = forms(session.model.graph, session.plan)
        nothing: Figure = Figure(fresh=True)
        rows = []
        for number, decision in enumerate(session.plan, 1):
            name = decision.layer
            figures = [by.get(name, nothing) for by in (report.own, report.accumulated)]
            cells = self._cells(number, decision, form[name], figures)
            rows.append(
                {
                    "layer": name,
                    "cells": [text for text, _ in cells],
                    "keys": [key for _, key in cells],
                    "form": form[name],
                    "colour": look_of(decision.method).colour,
                }
            )
        with self.table.hold_sync():
            self.table.settled = all(
                f.fresh for f in (*report.own.values(), *report.accumulated.values())
            )
            self.table.rows = rows
            self.table.chosen = session.selected

    def _cells(
        self, number: int, decision: LayerPlan, form: Form, figures: Sequence[Figure]
    ) -> list[Cell]:
        name, blob = decision.layer, self.session.stats.layers[decision.layer]
        method = look_of(decision.method).label
        others = [self.session.layers.index(n) + 1 for n in self.session.tied(name) if n != name]
        return [
            (str(number), number),
            (name, name),
            (decision.type, decision.type),
            (blob, blob),
            (digits(decision.threshold), decision.threshold),
            (digits(decision.scale), decision.scale),
            (method, method),
            (str(decision.bits), decision.bits),
            (FORM_WORDS[form], FORM_WORDS[form]),
            *((written(figure), _key(figure)) for figure in figures),
            (f"with {', '.join(map(str, others))}", others[0]) if others else ("", None),
        ]

    def _count(self) -> None:
        count = len(self.table.ticked)
        layers = "1 layer" if count == 1 else f"{count} layers"
        self.counted.value = f"{layers} ticked:" if count else "Tick layers to decide on them:"
        for command in self.commands:
            command.disabled = not count

    def _take(self) -> None:
        self.do(self.session.set_method, self.method.value, tuple(self.table.ticked))

    def _keep(self, keep: bool) -> None:
        self.do(self.session.keep_float, tuple(self.table.ticked), keep)


def _key(figure: Figure) -> float | None:
    """What an error is sorted by: JSON has neither infinity nor "not a number"."""
    if figure.metrics is None or math.isnan(figure.metrics.sqnr_db):
        return None
    return min(figure.metrics.sqnr_db, 1e9)

"""A notebook with the parts of the page that keep, and take away, what was decided."""

from __future__ import annotations

import time

BEGIN = """
from pathlib import Path
import ipywidgets
import workbench as wb
from workbench.samples import sample
from workbench.widgets.exporter import ExportView
from workbench.widgets.history import HistoryView
from workbench.widgets.plots import HistogramView
from workbench.widgets.threshold import ThresholdControl
from workbench.widgets.view import mailbox_of

SAMPLE = sample("plain_cnn")
model, images = SAMPLE.load(), SAMPLE.images()
session = wb.Session.resume(
    Path("kept") / "{name}.session",
    model,
    lambda: wb.collect(model, images[:20], progress=False),
    probes=images[:2],
)
"""
SHOW = """
parts = [kind(session) for kind in (HistogramView, ThresholdControl, HistoryView, ExportView)]
ipywidgets.VBox(parts).add_class("wb-view").add_class("wb-page")
"""
STATE = """[
    [[d.layer, d.method, d.threshold, d.bits, d.keep_float] for d in session.plan],
    [step.words for step in session.steps], session.at, session.selected,
    list(session.snapshots), sorted(session.untied),
]"""
PATIENCE_S = 30
"""For what a test expects; most of it is there within 0.2 s."""


def wait(holds):
    """Wait until something holds; raise AssertionError if it does not come to."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "what was expected did not happen"
        time.sleep(0.02)


def drag(page, canvas, start_x, end_x):
    """Drag with the mouse over a canvas, from one place to another."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start_x, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + end_x, middle, steps=20)
    page.mouse.up()

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from tests.widgets.synthetic import synthetic_statistics
from workbench.formats.param import parse_param
from workbench.model import Model
from workbench.session import Session
from workbench.widgets.assets import style
from workbench.widgets.look import decibels
from workbench.widgets.network import LEAST_DB, NetworkView


@pytest.fixture
def measured(model, arrays):
    """A session with probes, all of whose errors are known."""
    session = Session(model, synthetic_statistics(model), probes=arrays[:2])
    session.errors.drain()
    return session


def kinds(view):
    return dict(
        zip(view.session.model.graph.by_name, (m["kind"] for m in view.picture.marks), strict=True)
    )


def said(view, layer):
    return view.picture.marks[view._names.index(layer)]["says"]


def test_every_layer_is_a_box_and_every_blob_a_line(session):
    network = NetworkView(session).picture.network
    assert [box["name"] for box in network["layers"]] == list(session.model.graph.by_name)
    chosen = {box["name"] for box in network["layers"] if box["chooses"]}
    assert chosen == set(session.layers)
    named = {(line["writer"], line["reader"]) for line in network["lines"]}
    assert named == {(0, 1), (1, 2), (2, 3), (2, 4), (3, 5), (4, 5), (5, 6), (6, 7), (7, 8)}


def test_a_box_says_what_its_layer_is(session):
    boxes = {box["name"]: box for box in NetworkView(session).picture.network["layers"]}
    words = " ".join(boxes["dw"]["words"])
    assert "A convolution in groups" in words
    assert "kernel 3 × 3" in words
    assert "reads left (4 × ? × ?)" in words


def test_the_selected_layer_is_marked_and_a_click_selects(session):
    view = NetworkView(session)
    session.select("fc")
    view.drain()
    assert view.picture.chosen == 7
    view.picture.set_state({"chosen": 4})
    view.drain()
    assert session.selected == "conv2"


def test_a_layer_that_cannot_be_quantized_is_not_selected(session):
    view = NetworkView(session)
    view.picture.set_state({"chosen": 5})
    view.drain()
    assert session.selected == "conv1"
    assert view.notice.value == ""


def test_errors_are_classes_with_numbers(measured):
    view = NetworkView(measured)
    for coloured, figures in (
        ("accumulated", measured.errors.report.accumulated),
        ("own", measured.errors.report.own),
    ):
        view.colouring.value = coloured
        view.drain()
        for name, kind in kinds(view).items():
            if name not in figures:
                assert kind == "none"
                continue
            db = figures[name].metrics.sqnr_db
            number = int(kind.removeprefix("error"))
            bounds = [float("inf"), *LEAST_DB, float("-inf")]
            assert bounds[number + 1] <= db <= bounds[number]
            assert decibels(db) in said(view, name)


def test_a_colour_changes_without_the_picture_being_sent_again(measured):
    view = NetworkView(measured)
    sent = []
    view.picture.observe(lambda change: sent.append(change["name"]))
    measured.keep_float("dw")
    measured.errors.drain()
    view.drain()
    assert "marks" in sent
    assert "network" not in sent


def test_errors_that_are_not_fresh_are_said_to_be_refined(measured, monkeypatch):
    view = NetworkView(measured)
    monkeypatch.setattr(type(measured.errors), "_guarded", lambda self: None)
    measured.set_method("minmax", ["fc"])
    measured.errors.drain()
    view.drain()
    texts = dict(zip(view._names, (mark["text"] for mark in view.picture.marks), strict=True))
    assert texts["fc"].endswith(" …")
    assert not texts["conv1"].endswith(" …")


def test_the_arithmetic_of_each_layer_is_told_apart(session):
    view = NetworkView(session)
    view.colouring.value = "arithmetic"
    session.keep_float("fc")
    view.drain()
    assert kinds(view)["conv1"] == "requantized"
    assert kinds(view)["dw"] == "dequantized"
    assert kinds(view)["fc"] == "kept"
    assert kinds(view)["pool"] == "float"
    assert kinds(view)["split"] == "passed"
    words = {entry["kind"]: entry["words"] for entry in view.picture.legend}
    assert set(kinds(view).values()) < set(words)
    assert words["kept"] == "float, because you keep it so"


def test_every_kind_has_a_look_in_the_style_sheet(measured):
    view, used = NetworkView(measured), set()
    for coloured in view.colouring.options.values():
        view.colouring.value = coloured
        view.drain()
        used |= {entry["kind"] for entry in view.picture.legend} | set(kinds(view).values())
    assert used <= set(re.findall(r'data-kind="(\w+)"', style()))


def test_tied_layers_are_joined_until_they_are_untied(session):
    view = NetworkView(session)
    assert view.picture.ties == [[3, 4]]
    assert "tied to conv2" in said(view, "dw")
    assert "tied" in {entry["kind"] for entry in view.picture.legend}
    session.untie("dw")
    view.drain()
    assert view.picture.ties == []
    assert "tied" not in said(view, "dw")
    assert "tied" not in {entry["kind"] for entry in view.picture.legend}


def test_without_probes_the_picture_says_so(session):
    view = NetworkView(session)
    assert "no probe images" in view.picture.meaning
    assert set(kinds(view).values()) == {"none"}


def test_a_hostile_name_travels_as_it_is(model):
    name = "<b>&\"'"
    source = model.graph.source.replace(" fc ", f" {name} ")
    weights = {name if layer == "fc" else layer: w for layer, w in model.weights.items()}
    hostile = Model(parse_param(source), weights)
    stats = synthetic_statistics(hostile)
    blobs = {name if layer == "fc" else layer: blob for layer, blob in stats.layers.items()}
    view = NetworkView(Session(hostile, replace(stats, layers=blobs)))
    assert name in [box["name"] for box in view.picture.network["layers"]]


def test_a_closed_view_follows_neither_the_session_nor_its_errors(measured):
    view = NetworkView(measured)
    view.close()
    marks = view.picture.marks
    measured.keep_float("dw")
    measured.errors.drain()
    view.drain()
    assert view.picture.marks == marks


def test_what_is_sent_in_a_drag_stays_small(measured):
    view = NetworkView(measured)
    assert len(json.dumps(view.picture.marks)) < 300 * len(view.picture.marks)

from __future__ import annotations

import threading

import numpy as np
import pytest

from tests.widgets.synthetic import LAYERS, silenced, synthetic_statistics
from workbench.errors import WorkbenchWarning
from workbench.session import Session
from workbench.widgets.errors import SHOWN, ErrorsView
from workbench.widgets.look import decibels


@pytest.fixture
def probed(model, arrays):
    """A session with probes."""
    return Session(model, synthetic_statistics(model), probes=arrays[:2])


@pytest.fixture
def view(probed):
    view = ErrorsView(probed)
    settle(view)
    return view


def settle(view):
    view.session.errors.drain()
    view.drain()


def show(view, kind, metric="sqnr_db"):
    view.show.value, view.metric.value = kind, metric
    settle(view)
    return dict(zip((layer["name"] for layer in view.chart.layers), view.chart.bars, strict=True))


def test_without_probes_the_input_is_shown_and_the_rest_is_said_to_be_impossible(session):
    view = ErrorsView(session)
    assert view.show.value == "Input"
    assert [layer["name"] for layer in view.chart.layers] == list(LAYERS)
    bars = show(view, "Accumulated")
    assert all(bar["at"] == [] for bar in bars.values())
    assert view.chart.state == "wrong"
    assert "no probe images" in view.chart.status


def test_the_inputs_bars_are_the_sessions_readings(view, probed):
    bars = show(view, "Input")
    assert {name: bar["says"] for name, bar in bars.items()} == {
        name: decibels(probed.reading(name).sqnr_db) for name in LAYERS
    }


@pytest.mark.parametrize(
    ("kind", "group"), [("Layer alone", "own"), ("Accumulated", "accumulated")]
)
def test_the_bars_are_the_reports_figures(view, probed, kind, group):
    figures = getattr(probed.errors.report, group)
    bars = show(view, kind)
    assert {name: bar["says"] for name, bar in bars.items()} == {
        name: decibels(figure.metrics.sqnr_db) for name, figure in figures.items()
    }


def test_layers_that_do_not_quantize_are_there_but_cannot_be_chosen(view):
    layers = {layer["name"]: layer for layer in view.chart.layers}
    assert [name for name, layer in layers.items() if not layer["can"]] == [
        "concat", "pool", "prob",
    ]  # fmt: skip
    assert [name for name, layer in layers.items() if layer["output"]] == ["prob"]


def test_a_chosen_bar_selects_its_layer(view, probed):
    view.chart.set_state({"chosen": "conv2"})
    settle(view)
    assert probed.selected == view.chart.chosen == "conv2"
    assert view.notice.value == ""


def test_a_drag_stands_against_what_was_before_it(view, probed):
    before = show(view, "Layer alone")["fc"]
    for threshold in (1.0, 2.0, 3.0):
        probed.set_threshold("fc", threshold, gesture="drag")
        settle(view)
    bars = show(view, "Layer alone")
    assert bars["fc"]["was_at"] != bars["fc"]["at"]
    assert bars["fc"]["was"] == before["says"] != bars["fc"]["says"]
    assert bars["conv1"]["was_at"] == []
    assert show(view, "Input")["fc"]["was"]


def test_what_is_being_refined_says_so_and_then_that_it_is_fresh(view, probed):
    assert view.chart.state == "fresh"
    go = threading.Event()
    probed.errors._work.post("held", lambda: go.wait(10))
    probed.set_threshold("fc", 1.0)
    probed.errors._publisher.drain()
    view.drain()
    names = [layer["name"] for layer in view.chart.layers]
    stale = {n for n, bar in zip(names, view.chart.bars, strict=True) if not bar["fresh"]}
    assert stale == {"fc", "prob"}
    assert view.chart.state == "refining"
    go.set()
    settle(view)
    assert view.chart.state == "fresh"
    assert all(bar["fresh"] for bar in view.chart.bars)


def test_the_causes_are_stacked_to_the_whole(view, probed):
    bars = show(view, "Causes")
    assert list(bars) == list(LAYERS)
    for bar in bars.values():
        assert sum(bar["at"]) == pytest.approx(1, abs=1e-3)
    assert len(view.chart.axis["parts"]) == 4
    assert "clipping" in bars["fc"]["says"]
    assert view.metric.disabled


def test_a_float_layer_is_hollow_and_says_so(view, probed):
    probed.keep_float("fc")
    for kind, has_bar in (("Input", True), ("Layer alone", False), ("Causes", False)):
        bar = show(view, kind)["fc"]
        assert bar["hollow"]
        assert "kept in float" in bar["says"]
        assert bool(bar["at"]) is has_bar


@pytest.mark.parametrize("kind", SHOWN)
@pytest.mark.parametrize("metric", ["sqnr_db", "cosine", "mre_filtered"])
def test_every_height_lies_on_the_axis(view, kind, metric):
    for bar in show(view, kind, metric).values():
        assert all(0 <= height <= 1 for height in (*bar["at"], *bar["was_at"]))
    assert all(0 <= tick["at"] <= 1 for tick in view.chart.axis["ticks"])


def test_a_probe_that_cannot_be_used_is_said_on_the_chart(model, arrays):
    probes = [arrays[0], np.zeros((2, 8, 8), np.float32)]
    view = ErrorsView(Session(model, synthetic_statistics(model), probes=probes))
    settle(view)
    assert view.chart.state == "wrong"
    assert "could not be measured" in view.chart.status


def test_an_input_without_error_says_so(model):
    stats = silenced(synthetic_statistics(model), "pool")
    with pytest.warns(WorkbenchWarning, match="always zero"):
        session = Session(model, stats)
    assert ErrorsView(session).chart.bars[-1]["says"] == "no error"


def test_a_closed_view_follows_no_longer(view, probed):
    view.close()
    shown = view.chart.bars
    probed.set_threshold("fc", 1.0)
    settle(view)
    assert view.chart.bars is shown

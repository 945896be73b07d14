from __future__ import annotations

import pytest

from tests.widgets.synthetic import LAYERS, synthetic_statistics
from workbench.session import Session
from workbench.widgets.layers_table import COLUMNS, LayerTable
from workbench.widgets.look import decibels

TITLES = [title for title, _ in COLUMNS]


@pytest.fixture
def measured(model, arrays):
    """A session with probes, all of whose errors are known."""
    session = Session(model, synthetic_statistics(model), probes=arrays[:2])
    session.errors.drain()
    return session


def cells(view, layer):
    """The texts of a layer's row, by the titles of the columns."""
    row = next(row for row in view.table.rows if row["layer"] == layer)
    return dict(zip(TITLES, row["cells"], strict=True))


def keys(view, layer):
    row = next(row for row in view.table.rows if row["layer"] == layer)
    return dict(zip(TITLES, row["keys"], strict=True))


def test_every_layer_has_a_row_in_the_networks_order(session):
    view = LayerTable(session)
    assert [row["layer"] for row in view.table.rows] == list(LAYERS)


def test_a_row_says_what_is_decided(session):
    view = LayerTable(session)
    session.set_threshold("dw", 2.0)
    session.keep_float("fc")
    view.drain()
    row = cells(view, "dw")
    assert (row["#"], row["Layer"], row["Type"]) == ("2", "dw", "ConvolutionDepthWise")
    assert (row["Input"], row["Threshold"], row["Scale"]) == ("conv1", "2", "63.5")
    assert (row["Method"], row["Bits"], row["Arithmetic"]) == ("by hand", "8", "int8 → float")
    assert row["Tied"] == "with 3"
    assert cells(view, "fc")["Arithmetic"] == "float, kept"
    assert cells(view, "conv1")["Bits"] == "6"


def test_a_row_says_what_it_costs(measured):
    view = LayerTable(measured)
    report = measured.errors.report
    for layer in LAYERS:
        own, whole = report.own[layer].metrics, report.accumulated[layer].metrics
        assert cells(view, layer)["Error alone"] == decibels(own.sqnr_db)
        assert cells(view, layer)["Accumulated error"] == decibels(whole.sqnr_db)
        assert keys(view, layer)["Error alone"] == own.sqnr_db
    assert view.table.settled


def test_in_a_drag_no_row_is_sorted_and_the_figures_say_that_they_are_refined(
    measured, monkeypatch
):
    view = LayerTable(measured)
    monkeypatch.setattr(type(measured.errors), "_guarded", lambda self: None)
    measured.set_threshold("fc", 1.5)
    measured.errors.drain()
    view.drain()
    assert not view.table.settled
    assert cells(view, "fc")["Error alone"].endswith(" …")
    assert not cells(view, "conv1")["Error alone"].endswith(" …")


def test_a_layer_in_float_has_no_error_of_its_own_and_is_sorted_last(measured):
    measured.keep_float("fc")
    measured.errors.drain()
    view = LayerTable(measured)
    assert cells(view, "fc")["Error alone"] == ""
    assert keys(view, "fc")["Error alone"] is None


def test_a_chosen_row_selects_its_layer(session):
    view = LayerTable(session)
    view.table.set_state({"chosen": "conv2"})
    view.drain()
    assert session.selected == "conv2"
    session.select("fc")
    view.drain()
    assert view.table.chosen == "fc"


def test_a_method_is_taken_for_the_ticked_layers_in_one_step(session):
    view = LayerTable(session)
    view.table.set_state({"ticked": ["conv1", "fc"]})
    view.method.value = "minmax"
    view.commands[0].click()
    view.drain()
    methods = {decision.layer: decision.method for decision in session.plan}
    assert methods == {"conv1": "minmax", "dw": "kl", "conv2": "kl", "fc": "minmax"}
    assert len(session.log) == 1


def test_ticked_layers_are_kept_in_float_and_brought_back(session):
    view = LayerTable(session)
    view.table.set_state({"ticked": ["dw", "fc"]})
    view.commands[1].click()
    view.drain()
    assert [d.layer for d in session.plan if d.keep_float] == ["dw", "fc"]
    view.commands[2].click()
    view.drain()
    assert not any(d.keep_float for d in session.plan)


def test_nothing_can_be_done_while_nothing_is_ticked(session):
    view = LayerTable(session)
    assert all(command.disabled for command in view.commands)
    view.table.set_state({"ticked": ["fc"]})
    assert not any(command.disabled for command in view.commands)
    assert view.counted.value == "1 layer ticked:"


def test_ties_come_and_go(session):
    view = LayerTable(session)
    assert cells(view, "conv2")["Tied"] == "with 2"
    session.untie("dw")
    view.drain()
    assert cells(view, "conv2")["Tied"] == ""


def test_a_closed_table_does_not_follow(session):
    view = LayerTable(session)
    view.close()
    session.set_method("minmax")
    view.drain()
    assert cells(view, "fc")["Method"] == "KL (ncnn)"

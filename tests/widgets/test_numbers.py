from __future__ import annotations

import re
import threading

import pytest

from tests.widgets.synthetic import synthetic_statistics
from workbench.session import Session
from workbench.widgets import Numbers
from workbench.widgets.look import decibels, digits, percent


def figures(view):
    rows = re.findall(r'<th scope="row">(?:<i .*?></i>)?(.*?)</th><td>(.*?)</td>', view.table.value)
    return dict(rows)


def test_the_numbers_are_the_sessions_reading(session):
    view = Numbers(session)
    session.set_threshold("conv1", 0.25)
    view.drain()
    reading = session.reading("conv1")
    assert figures(view) == {
        "Chosen": "by hand",
        "Threshold": "0.25",
        "Scale": "508",
        "Clipped": percent(reading.clipped_share),
        "Clipping error": digits(reading.clipping),
        "Rounding error": digits(reading.rounding),
        "SQNR": decibels(reading.sqnr_db),
    }


def test_the_bar_is_the_clipped_part_of_the_error(session):
    view = Numbers(session)
    session.set_threshold("conv1", 1e-6)
    view.drain()
    assert "width: 100.0%" in view.table.value
    session.set_method("minmax")
    view.drain()
    assert "width: 0.0%" in view.table.value


def test_a_float_layer_is_said_to_be_one(session):
    view = Numbers(session)
    session.keep_float("conv1")
    view.drain()
    assert figures(view)["Chosen"] == "stays in float"


@pytest.fixture
def probed(model, arrays):
    session = Session(model, synthetic_statistics(model), probes=arrays[:2])
    session.select("fc")
    session.errors.drain()
    return session


def test_the_layers_own_error_and_the_outputs_are_told(probed):
    view = Numbers(probed)
    text, report = view.table.value, probed.errors.report
    assert "Error on 2 probe images" in text
    assert decibels(report.own["fc"].metrics.sqnr_db) in text
    assert decibels(report.output["prob"].metrics.sqnr_db) in text
    assert text.count("wb-fresh") == 4
    assert "was" not in text


def test_after_a_change_it_says_what_the_errors_were(probed):
    view, before = Numbers(probed), probed.errors.report
    probed.set_threshold("fc", 1.0)
    probed.errors.drain()
    view.drain()
    for figure in (before.own["fc"], before.output["prob"]):
        assert f"<small>was {decibels(figure.metrics.sqnr_db)}</small>" in view.table.value


def test_an_error_that_is_being_refined_says_so(probed):
    view, go = Numbers(probed), threading.Event()
    probed.errors._work.post("held", lambda: go.wait(10))
    probed.set_threshold("fc", 1.0)
    probed.errors._publisher.drain()
    view.drain()
    assert view.table.value.count("refining…") == 4
    go.set()
    probed.errors.drain()
    view.drain()
    assert "refining…" not in view.table.value


def test_without_probes_there_is_no_table_of_errors(session):
    assert "probe" not in Numbers(session).table.value

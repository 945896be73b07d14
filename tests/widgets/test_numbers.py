from __future__ import annotations

import re

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

from __future__ import annotations

import pytest

from tests.widgets.synthetic import LAYERS, silenced, synthetic_statistics
from workbench.errors import WorkbenchWarning
from workbench.session import Session
from workbench.widgets import Overview


def test_a_bar_stands_for_the_noise_of_each_layer(session):
    bars = Overview(session).bars
    assert [bar["value"] for bar in bars.bars] == [session.reading(x).sqnr_db for x in LAYERS]
    assert max(bar["value"] for bar in bars.bars) <= bars.top
    assert all(layer in bar["says"] for layer, bar in zip(LAYERS, bars.bars, strict=True))


def test_a_chosen_bar_selects_its_layer(session):
    view = Overview(session)
    view.bars.set_state({"chosen": 2})
    view.drain()
    assert session.selected == "conv2"


def test_the_bars_follow_the_plan(session):
    view = Overview(session)
    session.select("dw")
    session.set_method("mse", ["dw"])
    session.keep_float("fc")
    view.drain()
    assert view.bars.chosen == 1
    assert [bar["colour"] for bar in view.bars.bars] == ["blue", "green", "green", "blue"]
    assert [bar["hollow"] for bar in view.bars.bars] == [False, False, False, True]


def test_an_input_without_error_has_a_bar_all_the_same(model):
    stats = silenced(synthetic_statistics(model), "pool")
    with pytest.warns(WorkbenchWarning, match="always zero"):
        session = Session(model, stats)
    assert "no error" in Overview(session).bars.bars[-1]["says"]

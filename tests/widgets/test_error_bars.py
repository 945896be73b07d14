from __future__ import annotations

import math

import pytest

from workbench.simulation.causes import Causes
from workbench.widgets.error_bars import METRICS, Axis, say_causes, shares


@pytest.mark.parametrize(
    ("metric", "value", "said"),
    [
        ("sqnr_db", 28.44, "28.4 dB"),
        ("sqnr_db", math.inf, "no error"),
        ("sqnr_db", -math.inf, "nothing but noise"),
        ("cosine", 0.99987654, "0.999877"),
        ("cosine", 1.0, "1"),
        ("cosine", -0.5, "-0.500"),
        ("angle_degrees", 2.7512, "2.75°"),
        ("mre", 0.0734, "7.34 %"),
        ("mre", math.inf, "unbounded"),
    ],
)
def test_a_value_in_words(metric, value, said):
    assert METRICS[metric].say(value) == said


@pytest.mark.parametrize(
    ("metric", "values", "ends"),
    [
        ("sqnr_db", [12, 31.2], ["0 dB", "40 dB"]),
        ("cosine", [0.9, 0.9995], ["0", "0.9999"]),
        ("angle_degrees", [0.5, 20], ["0.1°", "100°"]),
        ("mre", [0.02, 0.5], ["1 %", "100 %"]),
        ("mae", [], ["1", "10"]),
    ],
)
def test_an_axis_ends_at_round_values_around_all(metric, values, ends):
    axis = Axis.of(METRICS[metric], values)
    assert [axis.ticks[0]["text"], axis.ticks[-1]["text"]] == ends
    assert axis.ticks[0]["at"] == 0
    assert axis.ticks[-1]["at"] == 1
    assert len(axis.ticks) <= 6


def test_what_is_perfect_or_unbounded_ends_at_the_ends_of_the_axis():
    decibels = Axis.of(METRICS["sqnr_db"], [20, math.inf, -math.inf])
    assert [decibels.height(v) for v in (math.inf, 20, -3, -math.inf)] == [1, 1, 0, 0]
    angle = Axis.of(METRICS["angle_degrees"], [0, 1.0, 30])
    assert (angle.height(0), angle.height(100)) == (0, 1)
    cosine = Axis.of(METRICS["cosine"], [0.99, 1.0])
    assert (cosine.height(1.0), cosine.height(-1)) == (1, 0)


def test_causes_in_shares_and_words():
    causes = Causes(3.0, 1.0, 0.0, 0.0)
    assert shares(causes) == [0.75, 0.25, 0, 0]
    assert say_causes(causes).startswith("mean squared error 4 (clipping 75 %, ")
    assert shares(Causes(0, 0, 0, 0)) == []
    assert say_causes(Causes(0, 0, 0, 0)) == "no error"

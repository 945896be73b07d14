from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.calibration.plan import BY_HAND
from workbench.numerics.thresholds import METHODS
from workbench.widgets.look import LOOKS, decibels, digits, look_of, percent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (3.0, "3"),
        (3.14159, "3.142"),
        (79.852, "79.85"),
        (123456.7, "123500"),
        (0.00012345, "0.0001234"),
        (9.0451e-6, "9.045e-6"),
        (2e12, "2e+12"),
        (-1.5, "-1.5"),
        (math.nan, "none"),
        (math.inf, "none"),
    ],
)
def test_numbers_are_written_with_four_digits(value, text):
    assert digits(value) == text


@given(st.floats(1e-30, 1e30), st.integers(2, 8))
def test_what_is_written_is_the_number_to_that_precision(value, count):
    assert float(digits(value, count)) == pytest.approx(value, rel=10.0 ** (1 - count))


def test_shares_are_written_in_percent():
    assert percent(0.012345) == "1.23 %"


@pytest.mark.parametrize(
    ("value", "text"),
    [(25.88, "25.9 dB"), (math.inf, "no error"), (-math.inf, "nothing but noise")],
)
def test_a_ratio_in_decibels_may_be_infinite(value, text):
    assert decibels(value) == text


def test_every_method_has_a_look_of_its_own():
    assert set(LOOKS) == {*METHODS, BY_HAND}
    assert len({look.colour for look in LOOKS.values()}) == len(LOOKS)
    assert len({look.label for look in LOOKS.values()}) == len(LOOKS)


def test_a_method_that_is_new_has_its_name():
    assert look_of("magic").label == "magic"

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.numerics.rounding import round_half_away, saturate


@pytest.mark.parametrize(
    ("x", "rounded"),
    [(0.5, 1), (-0.5, -1), (1.5, 2), (2.5, 3), (-2.5, -3), (2.4999998, 2), (126.5, 127), (0, 0)],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_half_goes_away_from_zero(x: float, rounded: float, dtype: Any) -> None:
    assert round_half_away(np.array([x], dtype))[0] == rounded


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_numbers_around_every_half_go_the_right_way(dtype: Any) -> None:
    half = np.arange(0, 300, dtype=dtype) + dtype(0.5)
    below, above = np.nextafter(half, dtype(0)), np.nextafter(half, dtype(np.inf))
    for sign in (1, -1):
        np.testing.assert_array_equal(round_half_away(sign * half), sign * (half + 0.5))
        np.testing.assert_array_equal(round_half_away(sign * below), sign * (half - 0.5))
        np.testing.assert_array_equal(round_half_away(sign * above), sign * (half + 0.5))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_it_is_the_round_of_c(x: float) -> None:
    expected = math.copysign(math.floor(abs(x) + 0.5), x)  # exact: x is a float32
    assert round_half_away(np.array([x], np.float32))[0] == expected


def test_infinities_and_nan_pass() -> None:
    x = np.array([np.inf, -np.inf, np.nan], np.float32)
    np.testing.assert_array_equal(round_half_away(x), x)


def test_saturation_is_symmetric() -> None:
    x = np.array([-1e9, -128, -127, 0, 127, 128, np.inf])
    np.testing.assert_array_equal(saturate(x), [-127, -127, -127, 0, 127, 127, 127])
    assert saturate(x).dtype == np.int8


def test_saturation_takes_integers_and_other_limits() -> None:
    np.testing.assert_array_equal(saturate(np.array([-300, 5, 300]), 31), [-31, 5, 31])


def test_nan_saturates_downwards_as_on_x86() -> None:
    assert saturate(np.array([np.nan]))[0] == -127

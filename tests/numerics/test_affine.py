from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.numerics.affine import (
    dequantize,
    halves,
    multiply_add,
    quantize,
    scale_of,
    to_int8,
)

thresholds = st.floats(2.0**-100, 2.0**100, width=32)


@given(thresholds)
def test_a_scale_is_a_float32_division(threshold: float) -> None:
    scale = scale_of(threshold)
    assert isinstance(scale, np.float32)
    assert scale == np.float32(127) / np.float32(threshold)


@pytest.mark.parametrize("threshold", [0.0, 1e-45, 1e-38, 3.7e-37])
def test_a_threshold_without_a_finite_scale_gets_one(threshold: float) -> None:
    assert scale_of(threshold) == 1.0


def test_six_bits_have_31_levels() -> None:
    assert scale_of(0.5, levels=31) == 62


def test_the_largest_threshold_has_a_scale_above_zero() -> None:
    assert 0 < scale_of(float(np.finfo(np.float32).max)) < 1e-35


def test_quantize_rounds_half_away_and_saturates() -> None:
    x = np.array([0.5, 1.5, -2.5, 126.5, 1000, -1000], np.float32)
    np.testing.assert_array_equal(quantize(x, np.float32(1)), [1, 2, -3, 127, 127, -127])


def test_the_product_is_rounded_to_float32_first() -> None:
    x = np.array([2.5 / 3], np.float32)
    assert float(x[0]) * 3 < 2.5
    assert quantize(x, np.float32(3))[0] == 3


def test_a_product_past_float32_saturates() -> None:
    assert quantize(np.array([-3e38], np.float32), np.float32(1e30))[0] == -127


def test_scales_broadcast_over_channels() -> None:
    x = np.ones((2, 3), np.float32)
    scales = np.array([[10], [20]], np.float32)
    np.testing.assert_array_equal(quantize(x, scales), [[10] * 3, [20] * 3])


@given(thresholds, st.integers(-127, 127))
def test_every_int8_survives_the_round_trip(threshold: float, q: int) -> None:
    scale = scale_of(threshold)
    real = dequantize(np.array([q], np.int8), scale)
    assert real.dtype == np.float32
    assert quantize(real, scale)[0] == q


@given(thresholds, st.floats(-1, 1, width=32))
def test_an_unclipped_value_moves_by_half_a_step_at_most(threshold: float, part: float) -> None:
    x = np.array([part * threshold], np.float32)
    scale = scale_of(threshold)
    error = abs(float(dequantize(quantize(x, scale), scale)[0]) - float(x[0]))
    assert error <= threshold / 254 * (1 + 1e-4)


# --- as ncnn's compiled code rounds ---

singles = st.floats(-1e6, 1e6, width=32).filter(lambda x: x == 0 or abs(x) > 1e-6)


def exactly(x: Fraction) -> np.float32:
    """The float32 nearest to a fraction, ties to even."""
    if x == 0:
        return np.float32(0)
    step = Fraction(2) ** (math.frexp(float(x))[1] - 24)
    return np.float32(float(round(x / step) * step))


@given(singles, singles, singles)
def test_a_fused_multiply_add_is_rounded_once(a: float, b: float, c: float) -> None:
    expected = exactly(Fraction(a) * Fraction(b) + Fraction(c))
    found = multiply_add(np.array([a], np.float32), np.float32(b), np.float32(c), once=True)[0]
    assert found == expected


def test_a_sum_that_float64_rounds_to_a_tie_goes_to_the_right_side() -> None:
    a, b = np.float32(2**12 + 1), np.float32(2**12 + 1)  # 2^24 + 2^13 + 1, a tie but for c
    for c, expected in ((2.0**-30, 2.0**24 + 2**13 + 2), (-(2.0**-30), 2.0**24 + 2**13)):
        found = multiply_add(np.array([a]), b, np.float32(c), once=True)[0]
        assert found == np.float32(expected)


def test_two_roundings_may_differ_from_one() -> None:
    sums, scale, bias = np.arange(1, 128, dtype=np.float32), np.float32(1 / 3), np.float32(0.1)
    once = multiply_add(sums, scale, bias, once=True)
    twice = multiply_add(sums, scale, bias, once=False)
    np.testing.assert_array_equal(twice, sums * scale + bias)
    assert not np.array_equal(once, twice)
    np.testing.assert_allclose(once, twice, rtol=2**-22)


@given(st.floats(-300, 300, width=32))
def test_exact_halves_round_like_quantize(x: float) -> None:
    value = np.array([x], np.float32)
    assert to_int8(value, halves(1, adds_half=False))[0] == quantize(value, np.float32(1))[0]


def test_adding_a_half_takes_the_number_below_it_to_one_but_at_the_end_of_a_row() -> None:
    below = np.full(7, np.nextafter(np.float32(0.5), np.float32(0)))
    assert to_int8(below, halves(7, adds_half=True)).tolist() == [1, 1, 1, 1, 0, 0, 0]
    assert to_int8(-below, halves(7, adds_half=True)).tolist() == [-1, -1, -1, -1, 0, 0, 0]
    assert not to_int8(below, halves(7, adds_half=False)).any()

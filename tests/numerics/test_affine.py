from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.numerics.affine import dequantize, quantize, scale_of

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

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.errors import CalibrationError
from workbench.numerics.fixed_point import FLAVOURS, Flavour, OverflowCounter
from workbench.ops.integer.activating import Bounds, prepare_bounds
from workbench.ops.integer.requantizing import prepare_requantization, requantize

WEIGHTS = np.array([300, 80, 1000], np.float32)
BOTTOM, TOP = np.float32(25), np.float32(12)
SUMS = st.lists(st.integers(-(2**24), 2**24), min_size=3, max_size=3)
BIAS = np.array([0.5, -2, 3.25], np.float32)


def column(sums: list[int]) -> NDArray[Any]:
    return np.array(sums, np.int32).reshape(3, 1, 1)


@pytest.mark.parametrize("flavour", FLAVOURS)
@given(SUMS)
def test_a_layer_is_within_a_level_and_a_half_of_the_real_result(
    flavour: Flavour, sums: list[int]
) -> None:
    prepared = prepare_requantization(WEIGHTS, BOTTOM, TOP, BIAS, flavour=flavour, bits=20)
    result = requantize(column(sums), prepared)
    assert result.dtype == np.int8
    real = np.array(sums) / (WEIGHTS.astype(np.float64) * BOTTOM) + BIAS
    exact = (real * TOP).clip(-127, 127)
    off = 1.0 if flavour == "floor" else 0.5
    assert np.abs(result.ravel() - exact).max() <= off + 0.05


def test_the_document_adds_a_bias_in_units_of_the_sums_and_shifts() -> None:
    prepared = prepare_requantization(
        np.array([400], np.float32),
        np.float32(10),
        np.float32(20),
        np.array([0.3], np.float32),
        flavour="floor",
    )
    # E = 164, F = 15 (0.005); bias 0.3 * 4000 = 1200
    assert prepared.before is not None
    assert prepared.before.tolist() == [1200]
    sums = np.array([[5000, -5000]], np.int32)
    expected = [(5000 + 1200) * 164 >> 15, (-5000 + 1200) * 164 >> 15]
    assert requantize(sums, prepared).tolist() == [expected]


def test_the_documents_variant_adds_an_int8_bias_after_the_shift() -> None:
    prepared = prepare_requantization(
        np.array([400], np.float32),
        np.float32(10),
        np.float32(20),
        np.array([0.3], np.float32),
        flavour="floor",
        bias_after=True,
    )
    assert prepared.before is None
    sums = np.array([[5000, -5000]], np.int32)
    expected = [(5000 * 164 >> 15) + 6, (-5000 * 164 >> 15) + 6]
    assert requantize(sums, prepared).tolist() == [expected]


@given(SUMS)
def test_the_activation_holds_the_result_between_bounds(sums: list[int]) -> None:
    plain = requantize(column(sums), prepare_requantization(WEIGHTS, BOTTOM, TOP))
    for bounds in (Bounds(0, 127), prepare_bounds(0, 6, float(TOP))):
        prepared = prepare_requantization(WEIGHTS, BOTTOM, TOP, bounds=bounds)
        held = requantize(column(sums), prepared)
        np.testing.assert_array_equal(held, plain.clip(bounds.low, bounds.high))


def test_rows_of_an_inner_product_have_their_channels_last() -> None:
    prepared = prepare_requantization(WEIGHTS, BOTTOM, TOP, BIAS)
    sums = np.array([[1000, 2000, 3000], [-1000, -2000, -3000]], np.int32)
    for row, result in zip(sums, requantize(sums, prepared, axis=-1), strict=True):
        np.testing.assert_array_equal(result, requantize(row, prepared))


def test_a_bias_that_pushes_a_sum_out_is_counted_and_wraps_if_wanted() -> None:
    bias = np.array([1], np.float32)
    scales = np.array([16], np.float32), np.float32(1), np.float32(2**-24)
    prepared = prepare_requantization(*scales, bias)
    sums = np.array([2**31 - 1], np.int32)
    counter, wrapping = OverflowCounter(), OverflowCounter(wraps=True)
    assert requantize(sums, prepared, counter=counter).tolist() == [8]
    assert requantize(sums, prepared, counter=wrapping).tolist() == [-8]
    assert (counter.overflows, wrapping.overflows) == (1, 1)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_sum_with_its_bias_saturates_at_the_ends_of_int32(flavour: Flavour) -> None:
    scales = np.array([1.0], np.float32), np.float32(1), np.float32(2.0**-26)
    prepared = prepare_requantization(*scales, np.array([2.0**40], np.float32), flavour=flavour)
    result = requantize(np.array([2**31 - 1], np.int32), prepared).tolist()
    assert result == [31 if flavour == "floor" else 32]  # (2^31 - 1) / 2^26, not twice that


@pytest.mark.parametrize("wrong", [0.0, np.inf, np.nan])
def test_a_scale_that_is_none_is_refused(wrong: float) -> None:
    with pytest.raises(CalibrationError):
        prepare_requantization(np.array([wrong], np.float32), BOTTOM, TOP)
    with pytest.raises(CalibrationError, match="a bias"):
        prepare_requantization(WEIGHTS, BOTTOM, TOP, np.array([0, np.nan, 0], np.float32))

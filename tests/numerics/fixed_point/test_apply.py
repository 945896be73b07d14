"""Each way to round keeps to its bound over the whole range, against exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.numerics.fixed_point import (
    OverflowCounter,
    doubling_high_mul,
    floor_shift,
    multiplier8,
    multiplier31,
    one_rounding,
    rounded_shift,
    rounding_divide,
    two_roundings,
)

LOW, HIGH = -(2**31), 2**31 - 1
HALF = Fraction(1, 2)
EDGES = [0, 1, -1, 127, -127, 16129, HIGH, -HIGH, LOW, 2**30, -(2**30), 2**30 - 1]
SUMS = st.one_of(st.sampled_from(EDGES), st.integers(LOW, HIGH), st.integers(-(2**20), 2**20))
POWERS = [2.0**n for n in range(-40, 11)]
NEAR_POWERS = [float(np.nextafter(p, side)) for p in POWERS for side in (0, np.inf)]
REAL = st.one_of(st.floats(2.0**-40, 2.0**10), st.sampled_from(POWERS + NEAR_POWERS))


def one(rounding: Any, total: int, multiplier: Any, counter: OverflowCounter | None = None) -> int:
    result = rounding(np.array([total], np.int32), multiplier, counter=counter)
    assert result.dtype == np.int32
    return int(result[0])


def exact(total: int, multiplier: Any) -> Fraction:
    """sum * M with the multiplier's own M."""
    return total * Fraction(float(multiplier.real[0]))


def saturated(value: int) -> int:
    return min(max(value, LOW), HIGH)


@given(SUMS, REAL, st.integers(1, 24))
def test_the_documents_shift_rounds_down(total: int, real: float, bits: int) -> None:
    multiplier = multiplier8(real, bits)
    assert one(floor_shift, total, multiplier) == saturated(floor(exact(total, multiplier)))


@given(SUMS, REAL, st.integers(1, 24))
def test_the_documents_shift_is_within_its_bound_of_the_real_product(
    total: int, real: float, bits: int
) -> None:
    multiplier = multiplier8(real, bits)
    true = total * Fraction(float(np.float32(real)))
    if abs(true) < HIGH - 2**30:
        error = one(floor_shift, total, multiplier) - true
        assert abs(error) < 1 + abs(total) * Fraction(2) ** -(multiplier.f + 1)


@given(SUMS, REAL, st.integers(1, 24))
def test_half_a_level_before_the_shift_rounds_to_the_nearest(
    total: int, real: float, bits: int
) -> None:
    multiplier = multiplier8(real, bits)
    nearest = floor(exact(total, multiplier) + HALF)
    assert one(rounded_shift, total, multiplier) == saturated(nearest)


@given(SUMS, st.floats(2.0**-100, 2.0**100, width=32))
def test_small_multipliers_take_any_positive_number(total: int, real: float) -> None:
    multiplier = multiplier8(real)
    product = exact(total, multiplier)
    assert one(floor_shift, total, multiplier) == saturated(floor(product))
    assert one(rounded_shift, total, multiplier) == saturated(floor(product + HALF))


@given(SUMS, REAL)
def test_one_rounding_is_the_nearest_integer_of_the_product(total: int, real: float) -> None:
    multiplier = multiplier31(real)
    nearest = floor(exact(total, multiplier) + HALF)
    assert one(one_rounding, total, multiplier) == saturated(nearest)


@given(SUMS, st.floats(1e-30, 1e30))
def test_one_rounding_takes_any_positive_multiplier(total: int, real: float) -> None:
    multiplier = multiplier31(real)
    nearest = floor(exact(total, multiplier) + HALF)
    assert one(one_rounding, total, multiplier) == saturated(nearest)


@given(SUMS, REAL)
def test_one_rounding_to_int8_is_within_its_bound_of_the_real_product(
    total: int, real: float
) -> None:
    true = total * Fraction(real)
    if abs(true) <= 127:
        error = abs(one(one_rounding, total, multiplier31(real)) - true)
        assert error <= HALF + Fraction(2) ** -24


@given(SUMS, REAL)
def test_two_roundings_are_within_their_bound(total: int, real: float) -> None:
    multiplier = multiplier31(real)
    n = int(multiplier.shift[0])
    fits = LOW <= total * Fraction(2) ** -n <= HIGH if n < 0 else True
    if fits:
        error = abs(one(two_roundings, total, multiplier) - exact(total, multiplier))
        assert error <= HALF + (Fraction(2) ** -(n + 1) if n >= 1 else 0)


@given(SUMS, REAL)
def test_two_roundings_differ_from_one_by_at_most_a_level(total: int, real: float) -> None:
    multiplier = multiplier31(real)
    if multiplier.shift[0] >= 0:
        assert abs(one(two_roundings, total, multiplier) - one(one_rounding, total, multiplier)) < 2


def test_two_roundings_can_round_up_what_lies_below_a_half() -> None:
    # a little less than 2.5 becomes 2.5 in units of an eighth or so, and that becomes 3
    multiplier = multiplier31(0.25 - 2.0**-20)
    assert exact(10, multiplier) < 2.5
    assert one(one_rounding, 10, multiplier) == 2
    assert one(two_roundings, 10, multiplier) == 3


@given(st.integers(LOW, HIGH), st.integers(LOW, HIGH))
def test_the_high_half_of_a_doubled_product_is_rounded(a: int, b: int) -> None:
    result = doubling_high_mul(np.array([a], np.int32), np.array([b], np.int32))
    assert result.tolist() == [saturated(floor(Fraction(a * b, 2**31) + HALF))]


def test_the_one_product_that_does_not_fit_saturates() -> None:
    lowest = np.array([LOW], np.int32)
    assert doubling_high_mul(lowest, lowest).tolist() == [HIGH]


@given(st.integers(LOW, HIGH), st.integers(0, 60))
def test_a_division_by_a_power_rounds_halves_away_from_zero(x: int, exponent: int) -> None:
    away = floor(Fraction(abs(x), 2**exponent) + HALF)
    result = rounding_divide(np.array([x], np.int32), np.array([exponent]))
    assert result.tolist() == [saturated(away if x >= 0 else -away)]


@pytest.mark.parametrize("rounding", [floor_shift, rounded_shift, one_rounding, two_roundings])
@pytest.mark.parametrize(("shape", "axis"), [((3, 2, 4), 0), ((2, 3), 1), ((2, 3), -1), ((3,), 0)])
def test_each_channel_has_its_multiplier_along_its_axis(
    rounding: Any, shape: tuple[int, ...], axis: int
) -> None:
    prepare = multiplier8 if rounding in (floor_shift, rounded_shift) else multiplier31
    multiplier = prepare([0.75, 0.5, 1.25])
    sums = np.random.default_rng(0).integers(-5000, 5000, shape).astype(np.int32)
    result = rounding(sums, multiplier, axis)
    for channel, real in enumerate([0.75, 0.5, 1.25]):
        expected = rounding(sums.take([channel], axis), prepare(real))
        np.testing.assert_array_equal(result.take([channel], axis), expected)


# --- overflow ---


def test_sums_of_521_largest_products_overflow_at_e_256() -> None:
    # 127 * 127 * 256 = 4129024, and 2^31 / 4129024 = 520.09: the bias decides at 520
    multiplier = multiplier8(1.999, bits=7)
    assert (multiplier.e.tolist(), multiplier.f) == ([256], 7)
    sums = np.array([520 * 16129, 521 * 16129, 520 * 16129 + 1529], np.int32)
    counter = OverflowCounter(wraps=True)
    assert floor_shift(sums, multiplier, counter=counter).tolist() == [
        520 * 16129 * 2,
        521 * 16129 * 2 - 2**25,
        (520 * 16129 + 1529) * 2 - 2**25,
    ]
    assert (counter.overflows, counter.total) == (2, 3)


def test_without_wrapping_overflows_are_counted_and_the_result_is_exact() -> None:
    multiplier, counter = multiplier8(1.999, bits=7), OverflowCounter()
    sums = np.array([521 * 16129], np.int32)
    assert floor_shift(sums, multiplier, counter=counter).tolist() == [521 * 16129 * 2]
    assert counter.overflows == 1


@given(SUMS, REAL)
def test_wrapped_products_are_those_of_an_int32_register(total: int, real: float) -> None:
    multiplier = multiplier8(real, 7)
    counter = OverflowCounter(wraps=True)
    product = total * int(multiplier.e[0])
    register = (product - LOW) % 2**32 + LOW
    if multiplier.f >= 0:
        assert one(floor_shift, total, multiplier, counter) == register >> multiplier.f
        assert counter.overflows == int(register != product)


def test_what_a_shift_to_the_left_pushes_out_is_counted() -> None:
    counter = OverflowCounter()
    assert one(floor_shift, 2**22, multiplier8(1000.0, 7), counter) == HIGH
    assert counter.overflows == 1


def test_two_roundings_saturate_a_sum_that_a_shift_to_the_left_pushes_out() -> None:
    counter = OverflowCounter()
    assert one(two_roundings, 2**30, multiplier31(1.5), counter) == 1610612735  # 3/4 of 2^31 - 1
    assert counter.overflows == 1


def test_a_counter_adds_up() -> None:
    counter = OverflowCounter()
    for _ in range(2):
        counter.hold(np.array([0, 2**31, -(2**31), -(2**31) - 1]))
    assert (counter.overflows, counter.total) == (4, 8)

from __future__ import annotations

from fractions import Fraction
from math import log2
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import CalibrationError
from workbench.numerics.fixed_point import (
    bias_int8,
    bias_int32,
    multiplier8,
    multiplier31,
    ratios,
)

POSITIVE = st.floats(2.0**-40, 2.0**10)
BITS = st.integers(1, 24)


def power(exponent: int) -> Fraction:
    return Fraction(2) ** exponent


@given(st.lists(POSITIVE, min_size=1, max_size=6), BITS)
def test_e_over_2_to_the_f_is_within_half_a_unit_of_each_ratio(
    real: list[float], bits: int
) -> None:
    given = np.array(real, np.float32)
    found = multiplier8(given, bits)
    assert found.e.dtype == np.int64
    for e, r in zip(found.e.tolist(), given.tolist(), strict=True):
        assert abs(Fraction(e) - Fraction(r) * power(found.f)) <= Fraction(1, 2)
    assert found.real.tolist() == [float(Fraction(e) / power(found.f)) for e in found.e.tolist()]


@given(POSITIVE, BITS)
def test_the_largest_e_has_the_bits_that_were_asked_for(real: float, bits: int) -> None:
    e = int(multiplier8(real, bits).e[0])
    if np.float32(real) < 1:
        assert 2 ** (bits - 1) <= e <= 2**bits
    else:
        assert 2**bits <= e <= 2 ** (bits + 1)


@given(POSITIVE, BITS)
def test_f_is_the_bits_less_the_truncated_logarithm(real: float, bits: int) -> None:
    found = multiplier8(real, bits)
    logarithm = log2(np.float32(real))
    assert found.f == bits - int(np.float32(logarithm))


def test_the_document_derives_e_and_f() -> None:
    # scale_next / (scale_weight * scale_in) * 2^F: 20 / (400 * 10) = 0.005, log2 = -7.6, so -7
    r = ratios(np.float32(20), np.float32(400), np.float32(10))
    eight, fork = multiplier8(r), multiplier8(r, bits=7)
    assert (eight.e.tolist(), eight.f) == ([164], 15)  # 0.005 * 2^15 = 163.84
    assert (fork.e.tolist(), fork.f) == ([82], 14)  # 81.92


def test_one_f_serves_all_channels_so_that_a_small_ratio_keeps_few_bits() -> None:
    found = multiplier8([0.9, 0.001])
    assert found.f == 8
    assert found.e.tolist() == [230, 0]  # 0.256 of a unit is lost


def test_f_is_negative_where_the_ratio_is_large() -> None:
    found = multiplier8(1000.0, bits=7)
    assert (found.e.tolist(), found.f) == ([250], -2)
    assert found.real.tolist() == [1000.0]


@given(st.floats(1e-300, 1e300))
def test_m0_has_31_bits_of_the_ratio(real: float) -> None:
    found = multiplier31(real)
    m0, shift = int(found.m0[0]), int(found.shift[0])
    assert found.m0.dtype == np.int32
    assert 2**30 <= m0 < 2**31
    value = m0 * power(-31 - shift)
    assert abs(value - Fraction(real)) <= Fraction(real) * power(-31)
    assert Fraction(found.real[0]) == value


def test_a_fraction_that_rounds_to_one_moves_into_the_shift() -> None:
    found = multiplier31(np.nextafter(1.0, 0.0))
    assert found.m0.tolist() == [2**30]
    assert found.shift.tolist() == [-1]
    assert found.real.tolist() == [1.0]


@given(st.lists(POSITIVE, min_size=1, max_size=5))
def test_channels_are_prepared_as_each_alone(real: list[float]) -> None:
    together = multiplier31(real)
    alone = [multiplier31(r) for r in real]
    assert together.m0.tolist() == [int(one.m0[0]) for one in alone]
    assert together.shift.tolist() == [int(one.shift[0]) for one in alone]


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.inf, np.nan])
@pytest.mark.parametrize("prepare", [multiplier8, multiplier31])
def test_what_is_no_positive_number_is_refused_by_its_channel(prepare: Any, wrong: float) -> None:
    with pytest.raises(CalibrationError, match="multiplier 1 is"):
        prepare([0.5, wrong])


@pytest.mark.parametrize("bits", [0, 25])
def test_bits_that_do_not_fit_are_refused(bits: int) -> None:
    with pytest.raises(CalibrationError, match="bits are not known"):
        multiplier8(0.5, bits)


def test_prepared_arrays_are_read_only() -> None:
    for array in (multiplier8(0.5).e, multiplier31(0.5).m0, multiplier31(0.5).shift):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_the_ratio_is_divided_in_float32() -> None:
    out, weight, bottom = np.float32(0.1), np.array([0.3, 700], np.float32), np.float32(0.7)
    np.testing.assert_array_equal(ratios(out, weight, bottom), out / (weight * bottom))
    assert ratios(out, weight, bottom).dtype == np.float32


def test_a_bias_before_the_shift_is_in_units_of_the_sums() -> None:
    bias = np.array([0.5, -0.5, 1e-9, 1e9], np.float32)
    found = bias_int32(bias, np.array([10, 10, 10, 10], np.float32), np.float32(0.1) * 5)
    assert found.dtype == np.int32
    assert found.tolist() == [3, -3, 0, 2**31 - 1]  # a half goes away from zero


def test_a_bias_after_the_shift_is_in_levels_and_may_be_clipped() -> None:
    assert bias_int8(np.array([0.05, -0.05, 3], np.float32), 50).tolist() == [3, -3, 127]

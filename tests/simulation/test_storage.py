from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.formats.weights import Weight
from workbench.simulation.storage import exceeds_half, stored, to_half_precision

numbers = st.floats(-65519, 65519, width=32)


@given(arrays(np.float32, st.integers(0, 4).map(lambda fours: 4 * fours), elements=numbers))
def test_whole_fours_are_rounded_to_even(x):
    np.testing.assert_array_equal(to_half_precision(x), x.astype(np.float16).astype(np.float32))


@given(arrays(np.float32, 3, elements=numbers))
def test_the_rest_is_rounded_away_from_zero_and_loses_subnormals(x):
    found = to_half_precision(x)
    normal = np.abs(x) >= 2.0**-14
    assert not found[~normal].any()
    steps = 2.0 ** (np.floor(np.log2(np.abs(x[normal].astype(float)))) - 10)
    away = np.copysign(np.floor(np.abs(x[normal]) / steps + 0.5) * steps, x[normal])
    np.testing.assert_array_equal(found[normal], away)


def test_ties_and_small_numbers_tell_the_two_ways_apart():
    tie, small = 1 + 2.0**-11, 2.0**-15
    found = to_half_precision(np.array([tie, small, 1, 1, tie, -small, 2], np.float32))
    assert found.tolist() == [1, small, 1, 1, 1 + 2.0**-10, 0, 2]
    assert np.signbit(found[5])


@given(arrays(np.float32, st.integers(0, 9), elements=numbers))
def test_the_result_fits_half_precision(x):
    found = to_half_precision(x)
    np.testing.assert_array_equal(found, found.astype(np.float16))


@pytest.mark.parametrize("encoding", ["float32", "float16", "bfloat16", "extra", "table"])
def test_tagged_floats_become_half_precision(encoding):
    weight = Weight.of("weight", np.array([1, -2, 0.5, 0.25, 3], np.float32), encoding)
    assert stored(weight).encoding == "float16"
    np.testing.assert_array_equal(stored(weight).array, weight.array)


@pytest.mark.parametrize("encoding", ["int8", "packed"])
def test_whole_numbers_stay_as_they_are(encoding):
    weight = Weight.of("weight", np.array([1, 2, 3]), encoding)
    assert stored(weight) is weight


def test_raw_floats_stay_but_for_tiny_ones():
    found = stored(Weight.of("bias", np.array([1e-31, -1e-40, 2e-30, 0, 1.1], np.float32)))
    assert found.encoding == "raw"
    np.testing.assert_array_equal(found.array, np.array([0, 0, 2e-30, 0, 1.1], np.float32))


def test_numbers_beyond_half_precision_stay():
    weight = Weight.of("weight", np.array([1, 65520], np.float32), "float32")
    assert exceeds_half(weight)
    assert stored(weight) is weight

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.calibration.fine import (
    FINE_BINS,
    LOWEST,
    FineCounter,
    FineTally,
    exponent_of,
    fine_bins,
    over_range,
    widened,
)
from workbench.numerics import compiled
from workbench.numerics.histogram import BINS, Histogram

numbers = st.floats(width=32) | st.floats(-4, 4, width=32) | st.just(0.0)
images = st.lists(arrays(np.float32, st.integers(0, 40), elements=numbers), max_size=5)
counts = arrays(np.uint32, st.integers(0, 64), elements=st.integers(0, 9))


@pytest.fixture(params=["compiled", "NumPy"], autouse=True)
def loops(request, monkeypatch):
    compiled.prepare(wait=True)
    if request.param == "NumPy":
        monkeypatch.setattr(compiled, "_loops", None)
    else:
        assert compiled.loops()


def counted(blobs: list[np.ndarray]) -> FineTally:
    counter = FineCounter()
    for blob in blobs:
        counter.add(blob)
    return counter.finish()


def of(blob: np.ndarray) -> FineTally:
    return counted([blob])


def assert_same(one: FineTally, two: FineTally) -> None:
    for name in ("absmax", "nonfinite", "blob_size", "zeros", "exponent"):
        assert getattr(one, name) == getattr(two, name)
    assert np.array_equal(one.counts, two.counts)


@given(images)
def test_every_value_is_in_the_bin_that_the_formula_says(blobs):
    tally = counted(blobs)
    values = np.array([abs(x) for blob in blobs for x in blob], np.float32)
    nonzero = values[np.isfinite(values) & (values != 0)]
    scaled = nonzero * np.float32(2.0**-tally.exponent)
    places = (np.sqrt(scaled) * np.float32(FINE_BINS)).astype(int)
    expected = np.bincount(places, minlength=1)
    assert np.array_equal(tally.counts, expected[: expected.any() * expected.size])
    assert tally.zeros == np.count_nonzero(values == 0)
    assert tally.nonfinite == np.count_nonzero(~np.isfinite(values))
    assert tally.absmax == nonzero.max(initial=0)
    assert tally.absmax < 2.0**tally.exponent


@given(images, st.randoms())
def test_the_order_of_images_changes_nothing(blobs, random):
    there, back = counted(blobs), counted(random.sample(blobs, len(blobs)))
    assert (there.absmax, there.exponent, there.zeros) == (back.absmax, back.exponent, back.zeros)
    assert np.array_equal(there.counts, back.counts)


@given(images, st.integers(0, 5), st.integers(0, 5))
def test_parts_counted_apart_add_up_to_the_whole(blobs, one, two):
    first, last = sorted((one, two))
    parts = counted(blobs[:first]), counted(blobs[first:last]), counted(blobs[last:])
    assert_same(parts[0] + parts[1] + parts[2], counted(blobs))
    assert_same(parts[0] + (parts[1] + parts[2]), counted(blobs))


@pytest.mark.parametrize("sizes", [(FINE_BINS, 1, 1), (1, FINE_BINS + 1, 9), (70000, 70000)])
def test_many_values_of_growing_range_add_up(sizes):
    rng = np.random.default_rng(0)
    blobs = [np.maximum(rng.normal(0, 2**n, size), 0).astype("f4") for n, size in enumerate(sizes)]
    assert_same(counted(blobs), sum(map(of, blobs), FineTally()))


@given(counts, st.integers(0, 9), st.integers(0, 9))
def test_widening_twice_is_widening_once_by_both(fine, first, second):
    twice = widened(widened(fine, first), second)
    assert np.array_equal(twice, widened(fine, first + second))
    assert twice.sum() == fine.sum()


@given(st.floats(0, exclude_min=True, allow_infinity=False, width=32))
def test_the_range_is_the_smallest_power_of_four_above_the_largest_value(absmax):
    exponent = exponent_of(absmax)
    assert exponent % 2 == 0
    assert absmax < 2.0**exponent
    assert exponent == LOWEST or 2.0**exponent <= 4 * absmax


@given(st.integers(1, BINS), st.floats(2.0**-80, 2.0**80, width=32))
def test_at_least_32_fine_bins_make_one_of_the_last(number, absmax):
    borders = np.array([number - 1, number], np.float32) * np.float32(absmax / BINS)
    low, high = fine_bins(borders, exponent_of(absmax))
    assert high - low >= 31


@given(st.integers(0, 2**32), st.sampled_from(["normal", "relu6", "levels"]), st.floats(0.01, 99))
def test_at_each_border_the_count_below_is_off_by_at_most_one_fine_bin(seed, shape, scale):
    rng = np.random.default_rng(seed)
    x = rng.normal(0, scale, 3000)
    x = {"normal": x, "relu6": np.clip(x, 0, 6), "levels": rng.integers(-99, 156, 3000) * scale}
    values = x[shape].astype(np.float32)
    tally, exact = of(values), Histogram.of(values)
    made = tally.histogram
    assert (made.absmax, made.zeros, made.total) == (exact.absmax, exact.zeros, exact.total)
    assert (made.counts >= 0).all()
    borders = np.arange(1, BINS) * (exact.absmax / BINS)
    place = np.sqrt(np.ldexp(borders, -tally.exponent)) * FINE_BINS
    fine = np.append(tally.counts, 0)
    near = fine[np.rint(place).astype(int) - 1] + fine[np.rint(place).astype(int)]
    off = np.abs(made.counts.cumsum() - exact.counts.cumsum())[:-1]
    assert (off <= near).all()


def test_counts_that_no_border_cuts_are_exact():
    fine = np.arange(16)
    assert over_range(fine, 4, 16.0, bins=4, fine=16).tolist() == [
        fine[:8].sum(),
        fine[8:11].sum() + round(fine[11] * (128 - 121) / 23),
        fine[11] - round(fine[11] * (128 - 121) / 23) + fine[12:13].sum() + 11,
        fine[13:].sum() - 11,
    ]


def test_counts_that_would_leave_32_bits_do_not():
    tally = FineTally(1.0, 0, 1, np.array([2**31], np.uint32), 0, 2)
    total = tally + tally + tally
    assert total.counts.tolist() == [3 * 2**31]


def test_values_far_below_the_smallest_range_are_counted_too():
    tally = of(np.array([1e-44, 1e-38, 0], np.float32))
    assert (tally.counts[0], tally.counts.sum(), tally.zeros) == (1, 2, 1)
    assert tally.histogram.total == 3


def test_nothing_but_zeros_is_an_empty_histogram():
    histogram = of(np.zeros(5, np.float32)).histogram
    assert (histogram.absmax, histogram.zeros, histogram.counts.sum()) == (0.0, 5, 0)


@pytest.mark.parametrize("largest", [1.0, 0.75, 6.0, 3.4e38, math.ldexp(1 - 2**-24, 4)])
def test_the_largest_value_is_in_the_last_bin(largest):
    histogram = of(np.array([largest, -largest], np.float32)).histogram
    assert histogram.counts[-1] == 2

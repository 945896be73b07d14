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
    FineTally,
    count_fine,
    exponent_of,
    over_range,
    widened,
)
from workbench.numerics.histogram import BINS, Histogram

numbers = st.floats(width=32) | st.floats(-4, 4, width=32) | st.just(0.0)
images = st.lists(arrays(np.float32, st.integers(0, 40), elements=numbers), max_size=5)
counts = arrays(np.int64, 64, elements=st.integers(0, 9))


def tally_of(blobs: list[np.ndarray]) -> FineTally:
    return sum((FineTally.of(blob) for blob in blobs), FineTally())


@given(images)
def test_every_value_is_in_the_bin_that_the_formula_says(blobs):
    tally = tally_of(blobs)
    expected = np.zeros(FINE_BINS, np.int64)
    values = [abs(float(x)) for blob in blobs for x in blob]
    for x in values:
        if math.isfinite(x) and x:
            expected[int(math.ldexp(x, -tally.exponent) * FINE_BINS)] += 1
    expected[0] += values.count(0)
    assert np.array_equal(tally.settled.counts, expected)
    assert tally.zeros == values.count(0)
    assert tally.nonfinite == sum(not math.isfinite(x) for x in values)
    assert tally.absmax == max((x for x in values if math.isfinite(x)), default=0)
    assert tally.absmax < 2.0**tally.exponent


@given(images, st.randoms())
def test_the_order_of_images_changes_nothing(blobs, random):
    shuffled = random.sample(blobs, len(blobs))
    there, back = tally_of(blobs), tally_of(shuffled)
    assert (there.absmax, there.exponent, there.zeros) == (back.absmax, back.exponent, back.zeros)
    assert np.array_equal(there.settled.counts, back.settled.counts)


@given(images)
def test_merging_in_pairs_is_merging_in_a_row(blobs):
    row = tally_of(blobs)
    half = len(blobs) // 2
    pair = tally_of(blobs[:half]) + tally_of(blobs[half:])
    assert (pair.absmax, pair.exponent, pair.blob_size) == (row.absmax, row.exponent, row.blob_size)
    assert np.array_equal(pair.settled.counts, row.settled.counts)


@pytest.mark.parametrize("sizes", [(FINE_BINS, 1, 1), (1, FINE_BINS + 1, 9), (70000, 70000)])
def test_values_that_wait_and_values_that_are_counted_at_once_add_up(sizes):
    rng = np.random.default_rng(0)
    blobs = [np.maximum(rng.normal(0, 2**n, size), 0).astype("f4") for n, size in enumerate(sizes)]
    tally, exponent = tally_of(blobs), exponent_of(max(blob.max() for blob in blobs))
    found, zeros = count_fine(np.concatenate(blobs), exponent)
    found[0] += zeros
    assert np.array_equal(tally.settled.counts, found)
    assert (tally.zeros, tally.exponent) == (zeros, exponent)
    assert tally.waiting.size <= FINE_BINS


@given(counts, st.integers(0, 9), st.integers(0, 9))
def test_doubling_twice_is_doubling_once_by_both(fine, first, second):
    twice = widened(widened(fine, first), second)
    assert np.array_equal(twice, widened(fine, first + second))
    assert twice.sum() == fine.sum()


@given(st.floats(0, exclude_min=True, allow_infinity=False, width=32))
def test_the_range_is_the_smallest_power_of_two_above_the_largest_value(absmax):
    exponent = exponent_of(absmax)
    assert absmax < 2.0**exponent
    assert exponent == LOWEST or 2.0**exponent <= 2 * absmax


@given(st.integers(0, 2**32), st.sampled_from(["normal", "relu6", "levels"]), st.floats(0.01, 99))
def test_at_each_border_the_count_below_is_off_by_at_most_one_fine_bin(seed, shape, scale):
    rng = np.random.default_rng(seed)
    x = rng.normal(0, scale, 3000)
    x = {"normal": x, "relu6": np.clip(x, 0, 6), "levels": rng.integers(-99, 156, 3000) * scale}
    values = x[shape].astype(np.float32)
    tally, exact = FineTally.of(values), Histogram.of(values)
    made = tally.histogram
    assert (made.absmax, made.zeros, made.total) == (exact.absmax, exact.zeros, exact.total)
    assert (made.counts >= 0).all()
    borders = np.arange(1, BINS) * (exact.absmax / BINS)
    counts = tally.settled.counts
    counts[0] -= tally.zeros
    fine_bin = np.ldexp(borders, -tally.exponent) * FINE_BINS
    near = counts[np.rint(fine_bin).astype(int) - 1] + counts[np.rint(fine_bin).astype(int)]
    off = np.abs(made.counts.cumsum() - exact.counts.cumsum())[:-1]
    assert (off <= near).all()


def test_counts_that_no_border_cuts_are_exact():
    fine = np.arange(16)
    assert np.array_equal(over_range(fine, 3, 8.0 - 1e-9, bins=4), fine.reshape(4, 4).sum(1))


def test_values_below_the_smallest_range_are_counted_in_its_first_bin():
    tiny = np.array([1e-44, 1e-38, 0], np.float32)
    found, zeros = count_fine(tiny, LOWEST)
    assert (found[0], found.sum(), zeros) == (2, 2, 1)
    assert FineTally.of(tiny).histogram.total == 3


def test_nothing_but_zeros_is_an_empty_histogram():
    histogram = FineTally.of(np.zeros(5, np.float32)).histogram
    assert (histogram.absmax, histogram.zeros, histogram.counts.sum()) == (0.0, 5, 0)


@pytest.mark.parametrize("largest", [1.0, 0.75, 6.0, 3.4e38])
def test_the_largest_value_is_in_the_last_bin(largest):
    histogram = FineTally.of(np.array([largest, -largest], np.float32)).histogram
    assert histogram.counts[-1] == 2

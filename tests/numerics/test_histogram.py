from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.numerics.histogram import Histogram, count

blobs = arrays(np.float32, st.integers(0, 50), elements=st.floats(-64, 64, width=32))


@given(blobs)
def test_every_value_is_counted_once(values: np.ndarray) -> None:
    histogram = Histogram.of(values)
    assert histogram.total == histogram.blob_size == values.size
    assert histogram.zeros == int((values == 0).sum())


@given(blobs, blobs)
def test_merging_equals_counting_at_once(first: np.ndarray, second: np.ndarray) -> None:
    both = Histogram.of(np.append(first, second), 64.0)
    merged = Histogram.of(first, 64.0) + Histogram.of(second, 64.0)
    np.testing.assert_array_equal(merged.counts, both.counts)
    assert merged.zeros == both.zeros


def test_histograms_over_different_ranges_do_not_add() -> None:
    with pytest.raises(ValueError, match="same bins"):
        Histogram(np.ones(4, np.int64), 1.0) + Histogram(np.ones(4, np.int64), 2.0)


def test_the_largest_value_is_in_the_last_bin() -> None:
    counts, zeros = count(np.array([0, 1, 2, 4], np.float32), 4.0, 4)
    assert counts.tolist() == [0, 1, 1, 1]
    assert zeros == 1


def test_values_far_above_a_tiny_range_fall_into_the_last_bin() -> None:
    counts, _ = count(np.array([1e-44, 1e30, 3e38], np.float32), 1e-44, 8)
    assert counts.tolist() == [0] * 7 + [3]


def test_a_range_of_zero_counts_zeros() -> None:
    histogram = Histogram.of(np.zeros(7, np.float32))
    assert (histogram.zeros, histogram.absmax, histogram.clipped_share(1.0)) == (7, 0.0, 0.0)


def test_the_clipped_share_splits_a_bin_and_counts_zeros() -> None:
    histogram = Histogram(np.array([2, 4, 0, 2]), 4.0, zeros=2)
    thresholds = np.array([-1, 0, 1.5, 3, 4, 9.0])
    np.testing.assert_allclose(
        histogram.clipped_shares(thresholds), [0.8, 0.8, 0.4, 0.2, 0, 0], atol=1e-15
    )
    assert histogram.clipped_share(1.5) == pytest.approx(0.4)


def test_counts_are_read_only_and_absmax_is_a_float32() -> None:
    histogram = Histogram(np.ones(4, np.int64), 0.1)
    assert not histogram.counts.flags.writeable
    assert histogram.absmax == float(np.float32(0.1))
    assert histogram.edges[-1] == histogram.absmax

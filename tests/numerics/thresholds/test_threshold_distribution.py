from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import CalibrationError
from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds import threshold_distribution
from workbench.numerics.thresholds.threshold_distribution import (
    counts_in_float32,
    threshold_distribution_step,
)

FLOORS = (1e-5, None)


def assert_as_plain(plain: ModuleType, distribution: Any, search: Any, target_bins: int) -> None:
    chosen, losses = plain.threshold_distribution(distribution, target_bins)
    assert search.bin == chosen
    defined = np.isfinite(losses)  # the loop has NaN where its running sum went below zero
    np.testing.assert_allclose(search.losses[defined], losses[defined], rtol=2e-4, atol=5e-5)


def assert_counts_as_plain(plain: ModuleType, counts: Any, target_bins: int = 128) -> None:
    for floor in FLOORS:
        distribution = plain.normalised(plain.raised(counts, np.float32(floor or 0)))
        search = threshold_distribution(Histogram(counts, 1.0), target_bins, floor)
        assert_as_plain(plain, distribution, search, target_bins)


def test_it_chooses_the_bin_of_the_plain_loop(plain: ModuleType, shape: str) -> None:
    for seed in range(8):
        assert_counts_as_plain(plain, plain.drawn(shape, seed))


@pytest.mark.parametrize("target_bins", [64, 128])
def test_it_chooses_the_bin_of_the_plain_loop_over_few_bins(
    plain: ModuleType, shape: str, target_bins: int
) -> None:
    for seed in range(40):
        assert_counts_as_plain(plain, plain.drawn(shape, seed, 400), target_bins)


@settings(max_examples=150, deadline=None)
@given(
    counts=st.dictionaries(st.integers(0, 299), st.integers(1, 3000), min_size=1, max_size=200),
    target_bins=st.sampled_from([1, 2, 16, 128, 256]),
)
def test_any_counts_give_the_bin_of_the_plain_loop(
    plain: ModuleType, counts: dict[int, int], target_bins: int
) -> None:
    bins = np.bincount(list(counts), list(counts.values()), 300).astype(np.int64)
    assert_counts_as_plain(plain, bins, target_bins)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from([0.0, 1e-45, 1e-39, 1e-20, 1e-3, 1.0, 7.0, 4096.0, 1e30])
        | st.floats(0, 1e6, width=32),
        min_size=40,
        max_size=90,
    )
)
def test_any_array_gives_the_bin_of_the_plain_loop(plain: ModuleType, values: list[float]) -> None:
    array = np.array(values, np.float32)
    chosen, _ = plain.threshold_distribution(array, 32)
    assert threshold_distribution(array, 32).bin == chosen


@pytest.mark.parametrize(
    ("counts", "chosen"),
    [
        (np.full(2048, 50), 2047),
        (np.bincount([2047], [100], 2048), 2047),  # of 1000 and more all candidates tie
        (np.zeros(2048), 2047),
    ],
    ids=["uniform", "constant", "all zero"],
)
def test_flat_shapes_keep_the_whole_range(plain: ModuleType, counts: Any, chosen: int) -> None:
    assert threshold_distribution(Histogram(counts, 1.0)).bin == chosen
    assert (
        plain.threshold_distribution(
            plain.normalised(plain.raised(counts.astype(np.int64), np.float32(1e-5))), 128
        )[0]
        == chosen
    )


def test_one_far_outlier_is_clipped_to_the_lowest_bin() -> None:
    body = np.random.default_rng(0).normal(size=100_000)
    histogram = Histogram.of(np.append(body, 1000.0).astype(np.float32))
    assert threshold_distribution(histogram).bin == 128


def test_soft_shapes_give_the_bin_of_the_plain_loop(plain: ModuleType) -> None:
    # The bins published for these shapes (1816, 1745, 1885) belong to samples that are not
    # known; another sample of the same shape gives another bin nearby. So only the loop is asked.
    rng = np.random.default_rng(0)
    normal = rng.normal(size=200_000)
    for values in (
        rng.laplace(size=200_000),
        normal.clip(0),
        normal * (rng.uniform(size=normal.size) < 0.5),
    ):
        histogram = Histogram.of(values.astype(np.float32))
        assert 1600 < threshold_distribution(histogram).bin < 2047  # type: ignore[operator]
        assert_counts_as_plain(plain, histogram.counts)


def test_few_distinct_values_collapse() -> None:
    values = np.repeat(np.arange(1, 6), 3).astype(np.float32)
    search = threshold_distribution(Histogram.of(values))
    assert search.bin == 411
    assert search.threshold == pytest.approx(1.0046, abs=5e-5)


def test_an_all_zero_blob_has_threshold_zero() -> None:
    search = threshold_distribution(Histogram.of(np.zeros(10, np.float32)))
    assert (search.bin, search.threshold) == (2047, 0.0)
    assert np.isfinite(search.losses).all()


def test_the_threshold_is_the_middle_of_the_bin_in_float32() -> None:
    counts = np.ones(2048, np.int64)
    search = threshold_distribution(Histogram(counts, 0.1))
    assert search.threshold == np.float32(np.float32(2047.5) * np.float32(np.float32(0.1) / 2048))


def test_an_array_has_bins_as_its_unit() -> None:
    search = threshold_distribution(np.full(2048, 1 / 2048, np.float32))
    assert (search.bin, search.threshold) == (2047, 2047.5)


def test_an_array_is_not_normalised(plain: ModuleType) -> None:
    raw = plain.drawn("laplace", 0).astype(np.float32) * 1e5
    search = threshold_distribution(raw)
    assert search.losses.min() > 1000  # no candidate comes below the start of the search
    assert search.bin == 128


def test_candidates_whose_running_sum_went_negative_are_never_chosen(plain: ModuleType) -> None:
    found = 0
    for seed in range(40):
        counts = plain.drawn("levels", seed, 400)
        distribution = plain.normalised(plain.raised(counts, np.float32(1e-5)))
        chosen, losses = plain.threshold_distribution(distribution, 64)
        search = threshold_distribution(Histogram(counts, 1.0), 64)
        found += int(np.isnan(losses).any())
        assert search.bin == chosen
        assert np.isfinite(search.losses).all()
    assert found > 0


@pytest.mark.parametrize("target_bins", [3, 100, 127])
def test_other_target_bins_choose_the_least_loss(plain: ModuleType, target_bins: int) -> None:
    histogram = Histogram(plain.drawn("gamma", 1, 400), 1.0)
    search = threshold_distribution(histogram, target_bins)
    every = [
        threshold_distribution_step(histogram, t, target_bins).loss for t in range(target_bins, 400)
    ]
    assert search.best == int(np.argmin(every))
    np.testing.assert_allclose(search.losses, every, rtol=2e-4, atol=5e-5)


@pytest.mark.parametrize("floor", [0.0, 1e-5, 0.3, 0.9999])
def test_counts_in_float32_are_those_of_adding_one_at_a_time(
    plain: ModuleType, floor: float
) -> None:
    powers = 2 ** np.arange(16)
    counts = np.concatenate(([0], powers - 1, powers, powers + 1, [99_999]))
    np.testing.assert_array_equal(
        counts_in_float32(counts, floor), plain.raised(counts, np.float32(floor))
    )


def test_counts_in_float32_stand_still_at_2_to_the_24(plain: ModuleType) -> None:
    counts = np.array([2**24 - 1, 2**24, 2**24 + 5])
    np.testing.assert_array_equal(
        counts_in_float32(counts, 1e-5), plain.raised(counts, np.float32(1e-5))
    )
    assert counts_in_float32(np.array([2**40]), 1e-5)[0] == 2**24


@pytest.mark.parametrize("floor", [-1e-5, 1.0, float("nan")])
def test_a_floor_outside_zero_to_one_is_refused(floor: float) -> None:
    with pytest.raises(CalibrationError, match="floor"):
        threshold_distribution(Histogram(np.ones(2048, np.int64), 1.0), floor=floor)


@pytest.mark.parametrize(
    "array", [np.ones((2, 2048)), [-1.0] + [1.0] * 2047, [np.nan] * 2048, [1e38] * 2048]
)
def test_an_array_that_is_no_distribution_is_refused(array: Any) -> None:
    with pytest.raises(CalibrationError, match="distribution"):
        threshold_distribution(array)


def test_too_few_bins_are_refused() -> None:
    with pytest.raises(CalibrationError, match="128 bins cannot be searched for 128"):
        threshold_distribution(np.ones(128))


def test_the_step_lays_open_the_choice(plain: ModuleType) -> None:
    histogram = Histogram(plain.drawn("relu", 3), 6.0)
    search = threshold_distribution(histogram)
    assert search.bin is not None
    step = threshold_distribution_step(histogram, search.bin)
    assert step.loss == search.loss
    assert step.shares.sum(dtype=np.float64) == pytest.approx(step.loss, abs=1e-6)
    assert step.clipped.size == step.expanded.size == step.shares.size == step.bin == search.bin
    assert step.grouped.size == 128
    assert step.outliers > 0
    assert not step.shares.flags.writeable


def test_a_step_outside_the_candidates_is_refused() -> None:
    with pytest.raises(CalibrationError, match="127 is no candidate"):
        threshold_distribution_step(Histogram(np.ones(2048, np.int64), 1.0), 127)

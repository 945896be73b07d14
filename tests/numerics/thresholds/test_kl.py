from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import CalibrationError
from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds import kl
from workbench.numerics.thresholds.kl import kl_step


def assert_as_plain(plain: ModuleType, counts: Any, target_bins: int = 128) -> None:
    chosen, losses = plain.kl(counts, target_bins)
    search = kl(Histogram(counts, 1.0), target_bins)
    assert search.bin == chosen
    np.testing.assert_allclose(search.losses, losses, rtol=2e-4, atol=5e-5)


def test_it_chooses_the_bin_of_the_plain_loop(plain: ModuleType, shape: str) -> None:
    for seed in range(8):
        assert_as_plain(plain, plain.drawn(shape, seed))


@pytest.mark.parametrize("target_bins", [64, 128])
def test_it_chooses_the_bin_of_the_plain_loop_over_few_bins(
    plain: ModuleType, shape: str, target_bins: int
) -> None:
    for seed in range(40):
        assert_as_plain(plain, plain.drawn(shape, seed, 400), target_bins)


@settings(max_examples=150, deadline=None)
@given(
    counts=st.dictionaries(st.integers(0, 299), st.integers(1, 2**40), min_size=1, max_size=200),
    target_bins=st.sampled_from([2, 16, 128, 256]),
)
def test_any_counts_give_the_bin_of_the_plain_loop(
    plain: ModuleType, counts: dict[int, int], target_bins: int
) -> None:
    bins = np.zeros(300, np.int64)
    bins[list(counts)] = list(counts.values())
    assert_as_plain(plain, bins, target_bins)


def test_equal_losses_keep_the_first_candidate() -> None:
    # every candidate clips the only value to its own last bin, and loses the same
    search = kl(Histogram(np.bincount([2047], [1000], 2048), 1.0))
    assert (search.bin, np.ptp(search.losses)) == (128, 0.0)


def test_the_threshold_is_the_middle_of_the_bin_in_float32() -> None:
    search = kl(Histogram(np.ones(2048, np.int64), 0.1))
    assert search.bin == 2047
    assert search.threshold == np.float32(np.float32(2047.5) * np.float32(0.1)) / np.float32(2048)


def test_an_all_zero_blob_has_threshold_zero() -> None:
    assert kl(Histogram.of(np.zeros(10, np.float32))).threshold == 0.0


def test_too_few_bins_are_refused() -> None:
    with pytest.raises(CalibrationError, match="64 bins cannot be searched for 128"):
        kl(Histogram(np.ones(64, np.int64), 1.0))


def test_the_step_lays_open_the_choice(plain: ModuleType) -> None:
    histogram = Histogram(plain.drawn("bump", 3), 6.0)
    search = kl(histogram)
    assert search.bin is not None
    step = kl_step(histogram, search.bin)
    assert step.loss == search.loss
    assert step.shares.sum(dtype=np.float64) == pytest.approx(step.loss, abs=1e-6)
    clipped = histogram.counts[search.bin :].sum() / histogram.counts.sum()
    assert step.outliers == pytest.approx(clipped, abs=1e-6)

from __future__ import annotations

import math

import numpy as np
import pytest

from workbench.errors import CalibrationError
from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds import aciq
from workbench.numerics.thresholds.aciq import aciq_threshold, expected_error


@pytest.mark.parametrize(
    ("bits", "alpha"),
    [(2, 1.71063519), (3, 2.15159277), (4, 2.55913646), (5, 2.93620062),
     (6, 3.28691474), (7, 3.6151146), (8, 3.92403714)],
)  # fmt: skip
def test_the_threshold_is_alpha_times_the_guessed_deviation(bits: int, alpha: float) -> None:
    guess = 0.5 * 0.35 * (1 + math.sqrt(math.pi * math.log(4)))
    sigma = float(np.float32(3.3)) * 2 * guess / math.sqrt(2 * math.log(1000))
    expected = np.float32(float(np.float32(alpha)) * sigma)
    assert aciq_threshold(float(np.float32(3.3)), 1000, bits) == expected


@pytest.mark.parametrize("bits", range(2, 9))
def test_alpha_is_where_the_models_error_is_least(bits: int) -> None:
    alpha = float(aciq_threshold(1.0, 1000, bits)) / float(aciq_threshold(1.0, 1000, 8))
    alpha *= 3.92403714
    grid = np.linspace(alpha - 0.5, alpha + 0.5, 2001)
    assert grid[expected_error(grid, 1.0, bits).argmin()] == pytest.approx(alpha, abs=2e-3)


def test_the_expected_error_is_that_of_a_gaussian() -> None:
    values = np.random.default_rng(0).normal(0, 2, 400_000)
    threshold, step = 3.0, 3.0 / 8  # 4 bits: a step of 2 T / 2^4
    rounding = step**2 / 12
    clipped = np.maximum(np.abs(values) - threshold, 0)
    model = expected_error(np.array([threshold]), 2.0, 4)[0]
    assert model == pytest.approx((clipped**2).mean() + rounding, rel=1e-2)


def test_the_blob_size_decides_and_not_the_counts() -> None:
    first = aciq(Histogram(np.ones(64, np.int64), 2.0, blob_size=9000))
    second = aciq(Histogram(np.arange(64), 2.0, blob_size=9000))
    assert first.threshold == second.threshold == float(aciq_threshold(2.0, 9000))


def test_an_unknown_blob_size_stands_for_all_values() -> None:
    search = aciq(Histogram(np.ones(64, np.int64), 2.0, zeros=36))
    assert search.threshold == float(aciq_threshold(2.0, 100))


def test_a_small_blob_gets_more_than_its_range() -> None:
    assert aciq(Histogram(np.ones(64, np.int64), 2.0, blob_size=100)).threshold > 2.0
    assert aciq(Histogram(np.ones(64, np.int64), 2.0, blob_size=10_000)).threshold < 2.0


def test_one_value_has_no_deviation_and_keeps_its_range() -> None:
    assert aciq_threshold(2.5, 1) == 2.5


def test_the_threshold_stays_within_float32() -> None:
    largest = float(np.finfo(np.float32).max)
    assert aciq_threshold(largest, 2) == np.finfo(np.float32).max


@pytest.mark.parametrize("bits", [1, 9])
def test_other_widths_are_refused(bits: int) -> None:
    with pytest.raises(CalibrationError, match=f"not {bits}"):
        aciq_threshold(1.0, 100, bits)

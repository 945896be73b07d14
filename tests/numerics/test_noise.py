from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.numerics.affine import dequantize, quantize, scale_of
from workbench.numerics.histogram import Histogram
from workbench.numerics.noise import error_split, sqnr_db


def drawn() -> Histogram:
    values = np.random.default_rng(0).laplace(size=50_000).clip(0).astype(np.float32)
    return Histogram.of(values)


def dense(histogram: Histogram, each: int = 400) -> np.ndarray:
    """Points that lie in the bins as evenly as can be, `each` for every value."""
    bins = np.repeat(np.arange(histogram.counts.size), histogram.counts)
    return (bins[:, None] + (np.arange(each) + 0.5) / each) * histogram.bin_width


@given(st.floats(0.01, 1.3))
def test_the_split_is_the_mean_squared_error_of_evenly_spread_values(part: float) -> None:
    counts = np.array([5, 0, 3, 1, 0, 2])
    histogram = Histogram(counts, 3.0, zeros=4)
    threshold = part * 3.0
    values, step = dense(histogram, 4000), threshold / 7
    nearest = np.minimum(np.floor(values / step + 0.5), 7) * step
    error = (values - nearest) ** 2
    clipping, rounding = error_split(histogram, threshold, levels=7)
    share = counts.sum() / 15  # the zeros count in the mean
    assert clipping == pytest.approx(error[values > threshold].sum() / error.size * share, abs=1e-5)
    assert rounding == pytest.approx(
        error[values <= threshold].sum() / error.size * share, abs=1e-5
    )


@pytest.mark.parametrize("threshold", [0.5, 2.0, 6.0, 11.0])
def test_the_split_predicts_what_quantization_does(threshold: float) -> None:
    values = np.random.default_rng(0).normal(0, 3, 200_000).astype(np.float32)
    back = dequantize(quantize(values, scale_of(threshold)), scale_of(threshold))
    real = float(((values - back).astype(np.float64) ** 2).mean())
    histogram = Histogram.of(values)
    assert sum(error_split(histogram, threshold)) == pytest.approx(real, rel=5e-3)
    power = float((values.astype(np.float64) ** 2).mean())
    assert sqnr_db(histogram, threshold) == pytest.approx(10 * math.log10(power / real), abs=0.03)


def test_above_absmax_nothing_is_clipped_and_rounding_is_a_twelfth_of_a_squared_step() -> None:
    clipping, rounding = error_split(Histogram(np.full(2048, 9), 2.0), 2.0)
    assert clipping == 0
    assert rounding == pytest.approx((2 / 127) ** 2 / 12, rel=1e-2)


def test_at_threshold_zero_everything_is_clipped() -> None:
    histogram = drawn()
    clipping, rounding = error_split(histogram, 0.0)
    assert rounding == 0
    assert sqnr_db(histogram, 0.0) == pytest.approx(0.0)
    assert clipping > 0


def test_an_all_zero_histogram_has_no_error() -> None:
    histogram = Histogram.of(np.zeros(9, np.float32))
    assert error_split(histogram, 1.0) == (0.0, 0.0)
    assert sqnr_db(histogram, 1.0) == math.inf


@pytest.mark.parametrize("absmax", [1e-44, 3e38])
def test_extreme_ranges_stay_finite(absmax: float) -> None:
    histogram = Histogram(np.ones(2048, np.int64), absmax)
    for threshold in (0.0, absmax / 3, absmax, 3e38):
        assert np.isfinite(error_split(histogram, threshold)).all()


def test_a_slider_can_call_it_at_60_hz() -> None:
    histogram = drawn()
    best = math.inf
    for _ in range(50):
        start = time.perf_counter()
        error_split(histogram, 3.0)
        best = min(best, time.perf_counter() - start)
    assert best < 1e-3

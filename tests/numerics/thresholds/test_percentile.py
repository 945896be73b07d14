from __future__ import annotations

import numpy as np
import pytest

from workbench.errors import CalibrationError
from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds import percentile


def test_it_keeps_the_share_asked_for() -> None:
    values = np.random.default_rng(0).normal(size=200_000).astype(np.float32)
    search = percentile(Histogram.of(values), 99.0)
    assert (np.abs(values) <= search.threshold).mean() == pytest.approx(0.99, abs=1e-4)
    assert search.loss == pytest.approx(0, abs=1e-12)


def test_the_default_keeps_99_99_percent() -> None:
    histogram = Histogram(np.full(2048, 1000), 1.0)
    assert percentile(histogram).threshold == pytest.approx(0.9999)


def test_zeros_count_as_kept_values() -> None:
    counts = np.full(1000, 1)
    assert percentile(Histogram(counts, 1.0), 90).threshold == pytest.approx(0.9)
    assert percentile(Histogram(counts, 1.0, zeros=1000), 90).threshold == pytest.approx(0.8)


def test_a_blob_of_almost_only_zeros_keeps_its_first_occupied_bin() -> None:
    counts = np.zeros(1000, np.int64)
    counts[[300, 999]] = 1
    search = percentile(Histogram(counts, 1.0, zeros=10**7))
    assert search.threshold == pytest.approx(0.301)


def test_all_of_the_values_is_the_whole_range() -> None:
    values = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    assert percentile(Histogram.of(values), 100).threshold == float(np.abs(values).max())


@pytest.mark.parametrize("percent", [0, -1, 100.01, float("nan")])
def test_a_percentile_out_of_range_is_refused(percent: float) -> None:
    with pytest.raises(CalibrationError, match="percentile"):
        percentile(Histogram(np.ones(8, np.int64), 1.0), percent)

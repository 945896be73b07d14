"""What every search of the registry must give, whatever the histogram."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.numerics.affine import scale_of
from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds import METHODS

LARGEST = float(np.finfo(np.float32).max)


def counts(**bins: int) -> np.ndarray:
    result = np.zeros(2048, np.int64)
    for name, value in bins.items():
        result[int(name[1:])] = value
    return result


HISTOGRAMS = {
    "no values": Histogram(np.zeros(2048, np.int64), 0.0),
    "all zero": Histogram.of(np.zeros(100, np.float32)),
    "zeros in a range": Histogram.of(np.zeros(100, np.float32), absmax=3.0),
    "one value": Histogram.of(np.array([0.3], np.float32)),
    "one value of many": Histogram(counts(_2047=10**6), 5.0, blob_size=1000),
    "first bin and last": Histogram(counts(_0=10**6, _2047=1), 5.0, blob_size=1000),
    "mostly zeros": Histogram(counts(_100=1, _2047=1), 5.0, zeros=10**7, blob_size=1000),
    "denormal range": Histogram(np.arange(2048), 1e-44, blob_size=1000),
    "smallest range": Histogram(np.arange(2048), 1e-45, blob_size=1000),
    "huge range": Histogram(np.arange(2048)[::-1], LARGEST, blob_size=1000),
    "huge counts": Histogram(np.arange(2048) * 2**40, 5.0, blob_size=1000),
    "more than float32 counts": Histogram(counts(_9=2**24 + 7, _700=2**25, _2047=1), 5.0),
    "two values in a blob": Histogram(counts(_9=1, _2047=1), 5.0, blob_size=2),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", HISTOGRAMS)
def test_every_histogram_has_a_defined_result(method: str, name: str) -> None:
    histogram = HISTOGRAMS[name]
    search = METHODS[method](histogram)
    assert search.method == method
    assert search.thresholds.shape == search.losses.shape
    assert np.isfinite(search.thresholds).all()
    assert np.isfinite(search.losses).all()
    assert (np.diff(search.thresholds) >= 0).all()
    assert np.isfinite(np.float32(search.threshold))
    assert 0 < scale_of(search.threshold) < np.inf
    if not histogram.counts.any():
        assert search.threshold == 0.0
    elif histogram.absmax > 1e-40:
        assert search.threshold > 0


@pytest.mark.parametrize("method", METHODS)
def test_the_choice_is_the_least_of_the_curve(method: str) -> None:
    values = np.random.default_rng(3).laplace(size=30_000).astype(np.float32)
    search = METHODS[method](Histogram.of(values))
    assert search.loss <= search.losses.min() * (1 + 1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", [2.0**-20, 2.0**20])
def test_the_threshold_scales_with_the_values(method: str, factor: float) -> None:
    values = np.random.default_rng(4).gamma(0.7, size=30_000).astype(np.float32)
    search = METHODS[method](Histogram.of(values))
    scaled = METHODS[method](Histogram.of(values * np.float32(factor)))
    assert scaled.threshold == pytest.approx(search.threshold * factor, rel=1e-6)

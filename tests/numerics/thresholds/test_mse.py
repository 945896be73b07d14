from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.numerics.affine import dequantize, quantize, scale_of
from workbench.numerics.histogram import Histogram
from workbench.numerics.noise import error_split
from workbench.numerics.thresholds import mse


@given(st.lists(st.integers(0, 10**6), min_size=8, max_size=8), st.sampled_from([7, 31, 127]))
def test_the_curve_is_clipping_and_rounding_together(counts: list[int], levels: int) -> None:
    histogram = Histogram(np.array(counts), 2.5, zeros=11)
    search = mse(histogram, levels)
    together = [sum(error_split(histogram, t, levels)) for t in search.thresholds]
    np.testing.assert_allclose(search.losses, together, rtol=1e-7, atol=1e-12)


def test_the_choice_is_the_best_of_real_quantization() -> None:
    values = np.random.default_rng(0).laplace(size=100_000).astype(np.float32)
    search = mse(Histogram.of(values))

    def real(threshold: float) -> float:
        scale = scale_of(threshold)
        error = values - dequantize(quantize(values, scale), scale)
        return float((error.astype(np.float64) ** 2).mean())

    assert search.loss == pytest.approx(real(search.threshold), rel=1e-3)
    tried = [real(t) for t in search.thresholds[::32]]
    assert real(search.threshold) <= min(tried) * (1 + 1e-3)


def test_fewer_levels_clip_more() -> None:
    values = np.random.default_rng(0).normal(size=100_000).astype(np.float32)
    histogram = Histogram.of(values)
    assert mse(histogram, 7).threshold < mse(histogram, 31).threshold < mse(histogram).threshold

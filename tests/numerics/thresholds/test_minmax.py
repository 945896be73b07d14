from __future__ import annotations

import numpy as np

from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds import minmax


def test_nothing_is_clipped() -> None:
    values = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    search = minmax(Histogram.of(values))
    assert search.threshold == float(np.abs(values).max())
    assert search.loss == 0


def test_the_curve_is_the_share_that_would_be_clipped() -> None:
    search = minmax(Histogram(np.array([1, 2, 3, 4]), 4.0, zeros=10))
    np.testing.assert_allclose(search.losses, [9 / 20, 7 / 20, 4 / 20, 0])

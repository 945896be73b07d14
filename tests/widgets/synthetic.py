"""A session on made-up histograms: no network is run."""

from __future__ import annotations

import numpy as np

from workbench.calibration.statistics import Statistics
from workbench.model import Model
from workbench.numerics.histogram import Histogram
from workbench.session import Session

LAYERS = ("conv1", "dw", "conv2", "fc")


def synthetic_statistics(model: Model) -> Statistics:
    """Heavy-tailed values behind a ReLU, for three blobs; "dw" and "conv2" read the same one."""
    rng = np.random.default_rng(4)
    blobs = ("data", "conv1", "pool")
    return Statistics(
        layers={"conv1": "data", "dw": "conv1", "conv2": "conv1", "fc": "pool"},
        histograms={
            blob: Histogram.of(np.maximum(rng.standard_t(5, 20_000), 0).astype(np.float32) * scale)
            for blob, scale in zip(blobs, (0.1, 1, 30), strict=True)
        },
        nonfinite=dict.fromkeys(blobs, 0),
        images=6,
        model_sha256=model.sha256,
    )


def silenced(stats: Statistics, blob: str) -> Statistics:
    """The same statistics, but one blob was always zero."""
    zero = Histogram(np.zeros(2048, np.int64), 0.0, zeros=20_000, blob_size=20_000)
    return Statistics(
        stats.layers,
        {**stats.histograms, blob: zero},
        stats.nonfinite,
        stats.images,
        stats.model_sha256,
    )


def synthetic_session(model: Model) -> Session:
    """A session that starts with KL everywhere."""
    return Session(model, synthetic_statistics(model))

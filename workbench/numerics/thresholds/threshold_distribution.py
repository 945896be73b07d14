"""The KL search of the first ncnn int8 tools: `threshold_distribution`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds.divergence import divergences
from workbench.numerics.thresholds.groups import groups_of
from workbench.numerics.thresholds.search import Search, bin_thresholds

METHOD = "threshold-distribution"
FLOOR = 1e-5


def threshold_distribution(
    histogram: Histogram | NDArray[np.float32],
    target_bins: int = 128,
    floor: float | None = FLOOR,
) -> Search:
    """Find the bin t whose clipped distribution loses least when put into `target_bins` bins."""
    distribution = distribution_of(histogram, floor)
    absmax = histogram.absmax if isinstance(histogram, Histogram) else float(distribution.size)
    groups = groups_of(distribution.size, target_bins)
    tails = _running_tails(distribution, target_bins)
    last = distribution[groups.candidates - 1] + tails
    sparse = not distribution.all()
    losses = divergences(
        distribution.astype(np.float64), last.astype(np.float64), groups, sparse=sparse
    )
    return Search(
        METHOD,
        bin_thresholds(groups.candidates, absmax, distribution.size),
        losses,
        int(losses.argmin()),
        "KL divergence (nats)",
        groups.candidates,
    )


def distribution_of(
    histogram: Histogram | NDArray[np.float32], floor: float | None
) -> NDArray[np.float32]:
    """The float32 distribution that the search walks over; an array is taken as it is."""
    if not isinstance(histogram, Histogram):
        return np.asarray(histogram, dtype=np.float32)
    counts = histogram.counts.astype(np.float32) + np.float32(floor or 0.0)
    total = counts.cumsum(dtype=np.float32)[-1]
    return counts / total if total > 0 else counts


def _running_tails(distribution: NDArray[np.float32], target_bins: int) -> NDArray[np.float32]:
    """What lies at and above each bin t, as a float32 sum that is taken down bin by bin."""
    above = distribution[target_bins:]
    start = above.cumsum(dtype=np.float32)[-1:]
    return np.subtract.accumulate(np.concatenate((start, above[:-1])), dtype=np.float32)

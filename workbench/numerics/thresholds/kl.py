"""The KL search of ncnn's ncnn2table today."""

from __future__ import annotations

from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds.divergence import divergences
from workbench.numerics.thresholds.groups import groups_of
from workbench.numerics.thresholds.search import Search, bin_thresholds, nothing_to_search

METHOD = "kl"
LOSS = "KL divergence (nats)"
EPSILON = 1e-4


def kl(histogram: Histogram, target_bins: int = 128) -> Search:
    """Find the bin t as ncnn2table does (method kl)."""
    if not histogram.counts.any():
        return nothing_to_search(METHOD, LOSS)
    weights = histogram.counts / float(histogram.counts.sum())
    groups = groups_of(weights.size, target_bins)
    tails = weights[::-1].cumsum()[::-1][target_bins:]
    last = EPSILON + weights[groups.candidates - 1] + tails
    losses = divergences(weights + EPSILON, last, groups, sparse=False)
    return Search(
        METHOD,
        bin_thresholds(groups.candidates, histogram.absmax, weights.size),
        losses,
        int(losses.argmin()),
        LOSS,
        groups.candidates,
    )

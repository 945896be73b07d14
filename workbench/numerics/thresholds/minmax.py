"""Min-max: clip nothing."""

from __future__ import annotations

from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds.search import Search, nothing_to_search

METHOD = "minmax"
LOSS = "clipped values (share)"


def minmax(histogram: Histogram) -> Search:
    """Take the largest |x| as the threshold: no clipping, the coarsest rounding.

    Args:
        histogram: the counts; only `absmax` decides.

    Returns:
        Candidates at the upper edge of every bin, each with the share of all values (zeros
        included) that it would clip; the last, absmax, is chosen.
    """
    if not histogram.counts.any():
        return nothing_to_search(METHOD, LOSS)
    thresholds = histogram.edges[1:]
    return Search(
        METHOD, thresholds, histogram.clipped_shares(thresholds), thresholds.size - 1, LOSS
    )

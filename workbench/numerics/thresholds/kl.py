"""The KL search of ncnn's tool today (ncnn2table, method kl), to the last bit.

As in `threshold_distribution` the distribution is clipped to its first t bins (P), put into
`target_bins` groups (Q) and laid out again (E), but every bin has 0.0001 beside its weight in P
and in E, and a group spreads over all of its bins, empty or not:

    P_j = 0.0001 + h_j (+ all that lies above, in bin t - 1),    E_j = 0.0001 + Q_group(j)
    KL(t) = sum_j P_j log(P_j / E_j)

So E is the mean of 0.0001 + h over each group. The curve is computed in float64 from prefix
sums; the candidates that float32 may order otherwise are computed again as ncnn does.
"""

from __future__ import annotations

import numpy as np

from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds.choice import UNIT, choose, float32_error
from workbench.numerics.thresholds.divergence import Array, divergences
from workbench.numerics.thresholds.groups import groups_of
from workbench.numerics.thresholds.search import Search, bin_thresholds, nothing_to_search
from workbench.numerics.thresholds.sequential import Copies, Rows, Single, copies, running_sums
from workbench.numerics.thresholds.step import Step, step_of

METHOD = "kl"
LOSS = "KL divergence (nats)"
EPSILON = np.float32(1e-4)


def kl(histogram: Histogram, target_bins: int = 128) -> Search:
    """Find the bin t at which `target_bins` levels tell the distribution best.

    Args:
        histogram: the counts; exact zeros are not among them, as in ncnn.
        target_bins: levels, 128 for int8.

    Returns:
        Candidates t = target_bins .. bins - 1 as (t + 0.5) * absmax / bins; `.bin` is the
        chosen t. Threshold 0 for a histogram without values.

    Raises:
        CalibrationError: if there are not more bins than target bins.

    Source: Tencent/ncnn, tools/quantize/ncnn2table.cpp, QuantNet::quantize_KL.
    """
    if not histogram.counts.any():
        return nothing_to_search(METHOD, LOSS, target_bins)
    problem = _Problem(histogram, target_bins)
    weights, last, groups = problem.raised, problem.last, problem.groups
    curve = divergences(weights, last, groups, sparse=False)
    error = float32_error(curve, weights, last, groups, problem.last_error())
    losses, best = choose(curve, error, lambda rows: problem.copies(rows).losses, np.inf)
    thresholds = bin_thresholds(groups.candidates, histogram.absmax, weights.size)
    return Search(METHOD, thresholds, losses, best, LOSS, groups.candidates)


def kl_step(histogram: Histogram, t: int, target_bins: int = 128) -> Step:
    """Lay open what `kl` compares at bin t (target_bins <= t < bins)."""
    problem = _Problem(histogram, target_bins)
    return step_of(
        problem.copies(problem.groups.row(t)), t, float(problem.weights[t - 1] + EPSILON)
    )


class _Problem:
    """One histogram to search: its weights, and P's last bin at each candidate."""

    def __init__(self, histogram: Histogram, target_bins: int) -> None:
        total = max(float(histogram.counts.sum()), 1.0)
        self.weights: Single = (histogram.counts / total).astype(np.float32)
        self.groups = groups_of(self.weights.size, target_bins)
        self.raised: Array = self.weights.astype(np.float64) + float(EPSILON)
        tails = self.weights[::-1].cumsum(dtype=np.float64)[::-1]
        self.last: Array = float(EPSILON) + tails[self.groups.candidates - 1]

    def last_error(self) -> Array:
        """How far the float32 sum of all that is clipped may shift the last term.

        The sum errs by UNIT for each addition; P log(P / E) moves by at most log(P / E) + 1 times
        that, and E is not below EPSILON.
        """
        additions = self.weights.size - self.groups.candidates + 2
        slope = np.log(self.last / float(EPSILON)) + 1
        result: Array = 1.1 * UNIT * additions * self.last * slope
        return result

    def copies(self, rows: Rows) -> Copies:
        """P, Q and E of some candidates in float32."""
        t = self.groups.candidates[rows]
        above = np.where(np.arange(self.weights.size) >= t[:, None], self.weights, np.float32(0))
        above[np.arange(t.size), t - 1] = EPSILON + self.weights[t - 1]
        return copies(
            self.weights,
            running_sums(above),
            self.groups,
            rows,
            floor=float(EPSILON),
            sparse=False,
        )

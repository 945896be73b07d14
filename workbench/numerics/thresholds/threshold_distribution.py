"""`threshold_distribution`, the KL search of ncnn's first int8 tools, to the last bit.

For t = target_bins .. bins - 1 the distribution is clipped to its first t bins (P, with all that
lies above added to bin t - 1), put into `target_bins` groups (Q) and laid out again over the
nonzero bins (E). The t with the least divergence wins:

    KL(t) = sum over P_j != 0 of (1 if E_j == 0 else P_j log(P_j / E_j))

The original does this in float32, and its rounding is part of the answer: the mass above t is a
running sum that is taken down bin by bin, so near the end it is a small number that is mostly
rounding, sometimes negative, and then the divergence is not a number and t cannot win. Here the
curve is computed in float64 from prefix sums, with that same running sum, and those few
candidates that float32 may order otherwise are computed again as the original does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.errors import CalibrationError
from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds.choice import choose, float32_error
from workbench.numerics.thresholds.divergence import divergences
from workbench.numerics.thresholds.groups import groups_of
from workbench.numerics.thresholds.search import Search, bin_thresholds
from workbench.numerics.thresholds.sequential import Copies, Rows, Single, copies
from workbench.numerics.thresholds.step import Step, step_of

METHOD = "threshold-distribution"
LOSS = "KL divergence (nats)"
FLOOR = 1e-5
START = 1000.0
FULL = 2**24  # a float32 count stops here: 2^24 + 1 rounds back
HALF_OF_FLOAT32 = 1.7e38

Source = Histogram | NDArray[np.floating] | list[float]


def threshold_distribution(
    histogram: Source, target_bins: int = 128, floor: float | None = FLOOR
) -> Search:
    """Find the bin t at which `target_bins` levels tell the distribution best.

    Args:
        histogram: counts, or the distribution itself as an array (bins,) of numbers >= 0, which
            is taken as it is, in float32: neither normalised nor given a floor.
        target_bins: levels, 128 for int8. If it is no power of two, the borders lie where exact
            arithmetic puts them (the original would read past its arrays).
        floor: what each bin of a histogram starts with before the counting: 1e-5 in the original
            tool, which leaves no bin empty; None or 0 for the bare search.

    Returns:
        Candidates t = target_bins .. bins - 1 as (t + 0.5) * absmax / bins, for an array as
        t + 0.5; `.bin` is the chosen t. If no candidate is below 1000, t = target_bins.

    Raises:
        CalibrationError: too few bins, numbers that are negative or not finite, or a floor
            outside [0, 1).

    Source: Tencent/ncnn, tools/quantize/ncnn2table.cpp of 2019, QuantizeData::normalize_histogram,
    ::compute_kl_divergence and ::threshold_distribution.
    """
    problem = _Problem(histogram, target_bins, floor)
    weights, last = problem.weights.astype(np.float64), problem.last.astype(np.float64)
    curve = divergences(weights, last, problem.groups, sparse=problem.sparse)
    error = float32_error(curve, weights, last, problem.groups)
    error[(last < 0) & (problem.own > 0) & np.isfinite(error)] = -np.inf  # log of P < 0 is NaN
    losses, best = choose(curve, error, lambda rows: problem.copies(rows).losses, START)
    bins = problem.groups.candidates
    thresholds = bin_thresholds(bins, problem.absmax, weights.size)
    return Search(METHOD, thresholds, losses, best, LOSS, bins)


def threshold_distribution_step(
    histogram: Source, t: int, target_bins: int = 128, floor: float | None = FLOOR
) -> Step:
    """Lay open what `threshold_distribution` compares at bin t (target_bins <= t < bins)."""
    problem = _Problem(histogram, target_bins, floor)
    return step_of(problem.copies(problem.groups.row(t)), t, float(problem.weights[t - 1]))


class _Problem:
    """One distribution to search: its weights, and P's last bin at each candidate."""

    def __init__(self, source: Source, target_bins: int, floor: float | None) -> None:
        if isinstance(source, Histogram):
            self.weights = _distribution(source.counts, floor or 0.0)
            self.absmax = source.absmax if source.counts.any() else 0.0
        else:
            self.weights = _checked(source)
            self.absmax = float(self.weights.size)
        self.groups = groups_of(self.weights.size, target_bins)
        self.sparse = not self.weights.all()
        above = self.weights[target_bins:]
        whole = above.cumsum(dtype=np.float32)[-1:]
        tails = np.subtract.accumulate(np.concatenate((whole, above[:-1])), dtype=np.float32)
        self.own: Single = self.weights[self.groups.candidates - 1]
        self.last: Single = self.own + tails

    def copies(self, rows: Rows) -> Copies:
        """P, Q and E of some candidates in float32."""
        return copies(
            self.weights, self.last[rows], self.groups, rows, floor=0.0, sparse=self.sparse
        )


def _distribution(counts: NDArray[np.int64], floor: float) -> Single:
    """Counts with a floor, divided by their sum, everything in float32 and in order."""
    raised = counts_in_float32(counts, floor)
    total = raised.cumsum(dtype=np.float32)[-1]
    result: Single = raised / total if total > 0 else raised
    return result


def counts_in_float32(counts: NDArray[np.int64], floor: float) -> Single:
    """What float32 makes of `floor` after adding 1 as often as each count says.

    Adding 1 is exact until the sum passes a power of two and its last place gets coarser; what
    is left of the floor is rounded there and nowhere else. So it depends only on the power of
    two below the count. At 2^24 the sum stands still.

    Args:
        counts: int64 (bins,), not negative.
        floor: 0 <= floor < 1.

    Returns:
        float32 (bins,).
    """
    if not 0 <= floor < 1:
        raise CalibrationError(f"a floor of {floor} is not in [0, 1)", advice="Use 1e-5 or None.")
    rest = [np.float32(floor)]
    for power in 2.0 ** np.arange(25):
        before = np.float32(power - 1 + float(rest[-1]))
        rest.append(np.float32(float(before + np.float32(1)) - power))
    kept = np.minimum(counts, FULL).astype(np.float64)
    result: Single = (kept + np.array(rest, np.float64)[np.frexp(kept)[1]]).astype(np.float32)
    return result


def _checked(distribution: NDArray[np.floating] | list[float]) -> Single:
    """A distribution given as an array, as float32; raises if it is none."""
    values = np.asarray(distribution, dtype=np.float64)
    if values.ndim != 1 or not (values >= 0).all() or not values.sum() < HALF_OF_FLOAT32:
        raise CalibrationError(
            "a distribution is a list of numbers that are finite and not negative",
            advice="Give the counts of a histogram, or the histogram itself.",
        )
    return values.astype(np.float32)

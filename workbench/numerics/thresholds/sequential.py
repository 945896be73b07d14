"""The divergence as a compiled loop computes it: in float32, one addition after the other.

Float32 sums depend on their order. Where two candidates differ by less than such a sum's
rounding, only these functions tell which one the original program takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.thresholds.groups import Borders, Groups, borders

Single = NDArray[np.float32]
Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Copies:
    """For m candidates: the clipped distribution P, its groups Q, its copy E, and the loss.

    Attributes:
        clipped: float32 (m, bins), P; 0 from bin t on.
        grouped: float32 (m, target_bins), Q: what each group gives to each of its bins.
        expanded: float32 (m, bins), E.
        shares: float32 (m, bins), each bin's share of the divergence; NaN where P is negative.
    """

    clipped: Single
    grouped: Single
    expanded: Single
    shares: Single

    @property
    def losses(self) -> Single:
        """Sum of the shares from the first bin to the last: float32 (m,)."""
        return running_sums(self.shares)


def running_sums(terms: Single) -> Single:
    """Sum each row one addition after the other (NumPy's `sum` adds in pairs)."""
    with np.errstate(invalid="ignore", over="ignore"):
        result: Single = terms.cumsum(axis=1, dtype=np.float32)[:, -1]
    return result


def copies(
    weights: Single, last: Single, groups: Groups, rows: Rows, *, floor: float, sparse: bool
) -> Copies:
    """Build P, Q and E of some candidates, and the shares of the divergence.

    Args:
        weights: float32 (bins,), the distribution.
        last: float32 (m,), P's last bin for each of `rows`.
        groups: the borders.
        rows: which candidates, m indexes.
        floor: what P and E have in each bin beside the weights.
        sparse: spread over nonzero bins only.
    """
    t = groups.candidates[rows]
    cuts = borders(t, groups.target_bins)
    used = (weights != 0).astype(np.float32)
    widths = _sums(used, cuts) if sparse else (t[:, None] / groups.target_bins).astype(np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        grouped = _sums(weights, cuts) / widths
    grouped[(widths == 0).nonzero()] = 0
    expanded = _spread(grouped, cuts, weights.size, np.float32(floor))
    if sparse:
        expanded *= used
    kept = np.arange(weights.size) < t[:, None]
    clipped = np.where(kept, weights + np.float32(floor), np.float32(0))
    clipped[np.arange(t.size), t - 1] = last
    return Copies(clipped, grouped, expanded, _shares(clipped, expanded))


def _sums(values: Single, cuts: Borders) -> Single:
    """Sum `values` over each group: the left part of a bin, the right part, the whole bins."""
    whole, left = cuts.whole.T, cuts.left.T
    starts_inside = left[:, :-1] > 0
    part = np.where(starts_inside, 1 - left[:, :-1], 0.0).astype(np.float32)
    total: Single = part * values[whole[:, :-1]]
    total += left[:, 1:].astype(np.float32) * values[whole[:, 1:]]
    padded = np.append(values, np.float32(0))
    first, end = whole[:, :-1] + starts_inside, whole[:, 1:]
    for step in range(int((end - first).max())):
        total += padded[np.where(first + step < end, first + step, values.size)]
    return total


def _spread(grouped: Single, cuts: Borders, bins: int, base: np.float32) -> Single:
    """Give each bin its group's value; a bin that a border cuts takes its parts from both."""
    whole, left = cuts.whole.T, cuts.left.T
    lengths = np.diff(whole + (left > 0))
    lengths[:, -1] += bins - whole[:, -1]
    result: Single = np.repeat((base + grouped).ravel(), lengths.ravel()).reshape(-1, bins)
    mixed = base + grouped[:, :-1] * left[:, 1:-1].astype(np.float32)
    mixed += grouped[:, 1:] * (1 - left[:, 1:-1]).astype(np.float32)
    result[np.arange(len(whole))[:, None], whole[:, 1:-1]] = mixed
    return result


def _shares(clipped: Single, expanded: Single) -> Single:
    """P log(P / E); 0 where P is 0, 1 where only E is. The logarithm is correctly rounded."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        logs = np.log((clipped / expanded).astype(np.float64)).astype(np.float32)
        shares = np.where(expanded == 0, np.float32(1), clipped * logs)
    return np.where(clipped == 0, np.float32(0), shares)

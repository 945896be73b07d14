"""The Kullback-Leibler divergence at every candidate threshold, by prefix sums, in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.thresholds.groups import Groups

Array = NDArray[np.float64]
ROWS = 64  # candidates worked on at once: every temporary then stays in the L2 cache
TINY = 1e-300  # keeps log() and / defined where a group is empty; its weight there is zero


def divergences(weights: Array, last: Array, groups: Groups, *, sparse: bool) -> Array:
    """Divergence of the clipped distribution from its copy in `target_bins` groups, for every t.

    P is weights[0..t-1] with its last bin replaced by `last`; E spreads the sum of each group of
    `weights` evenly over that group:

        KL(t) = sum_j P_j log P_j - sum_j P_j log E_j

    E has one value per group, except in a bin that a border cuts, which takes its parts from both
    neighbours. So the second sum needs a term for each group and one for each border, not one
    for each bin, and the first is a prefix sum.

    Args:
        weights: float64 (bins,), the distribution, not negative.
        last: float64 (n,), P's last bin for each candidate: its own weight and all that is
            clipped. Zero or less adds nothing.
        groups: the borders for each candidate.
        sparse: spread a group's sum over its nonzero bins only, and count 1 where P has mass in
            a last bin without weight.

    Returns:
        float64 (n,), in nats.
    """
    prepared = _Prefixes(weights, sparse)
    chunks = range(0, groups.candidates.size, ROWS)
    parts = [prepared.below_last(groups, slice(first, first + ROWS)) for first in chunks]
    below = np.concatenate([part[0] for part in parts])
    log_top = np.concatenate([part[1] for part in parts])
    own = weights[groups.candidates - 1]
    mass = np.maximum(last, TINY)
    top = np.where(last > 0, mass * (np.log(mass) - log_top), 0.0)
    if sparse:
        top[(own == 0) & (last > 0)] = 1.0
    return below + top


class _Prefixes:
    """Prefix sums over one distribution."""

    def __init__(self, weights: Array, sparse: bool) -> None:
        self.weights = np.append(weights, 0.0)  # one past the last: no bin is cut
        self.sums = _prefix(weights)
        self.used = np.append((weights > 0).astype(np.float64), 0.0) if sparse else None
        self.used_sums = _prefix(self.used) if self.used is not None else None
        self.entropy = _prefix(weights * np.log(np.where(weights > 0, weights, 1.0)))

    def below_last(self, groups: Groups, rows: slice) -> tuple[Array, Array]:
        """The divergence without its last bin, and log E in that bin, for some candidates."""
        t, left = groups.candidates[rows], groups.left[rows]
        sums = self.sums.take(groups.whole[rows])
        at_border = self.weights.take(groups.cut[rows])
        expanded = np.diff(sums + left * at_border)
        expanded /= self._widths(groups, rows)
        np.maximum(expanded, TINY, out=expanded)
        inside = np.diff(sums) - at_border[:, :-1]
        mixed = expanded[:, 1:] + left[:, 1:-1] * (expanded[:, :-1] - expanded[:, 1:])
        logs = np.log(expanded)
        inside[:, -1] -= self.weights[t - 1]
        cross = (inside * logs).sum(axis=1) + (at_border[:, 1:-1] * np.log(mixed)).sum(axis=1)
        return self.entropy[t - 1] - cross, logs[:, -1]

    def _widths(self, groups: Groups, rows: slice) -> Array:
        """How many bins (in a sparse search: nonzero bins) each group spreads over."""
        if self.used is None or self.used_sums is None:
            widths: Array = groups.candidates[rows, None] / (groups.whole.shape[1] - 1)
            return widths
        sums = self.used_sums.take(groups.whole[rows])
        part = groups.left[rows] * self.used.take(groups.cut[rows])
        used: Array = np.maximum(np.diff(sums + part), TINY)
        return used


def _prefix(values: Array) -> Array:
    """Sums of the first k values, k = 0..n: float64 (n + 1,)."""
    return np.concatenate(([0.0], np.cumsum(values)))

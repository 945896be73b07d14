"""The Kullback-Leibler divergence at every candidate threshold, by prefix sums, in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.thresholds.groups import Borders, Groups

Array = NDArray[np.float64]
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
    t = groups.candidates
    own = weights[t - 1]
    entropy = _prefix(weights * np.log(np.where(weights > 0, weights, 1.0)))[t - 1]
    cross, log_top = _cross_entropies(weights, groups, sparse)
    mass = np.maximum(last, TINY)
    top = np.where(last > 0, mass * (np.log(mass) - log_top), 0.0)
    if sparse:
        top[(own == 0) & (last != 0)] = 1.0
    result: Array = entropy - (cross - own * log_top) + top
    return result


def _cross_entropies(weights: Array, groups: Groups, sparse: bool) -> tuple[Array, Array]:
    """sum_{j<t} w_j log E_j, and log E of bin t - 1: float64 (n,) each."""
    sums = _prefix(weights)
    used = (weights > 0).astype(np.float64)
    counts = (used, _prefix(used)) if sparse else None
    parts = [_block(weights, sums, counts, block) for block in groups.blocks]
    cross = np.concatenate([part[0] for part in parts])
    log_top = np.concatenate([part[1] for part in parts])
    if sparse:
        return cross, log_top
    log_width = np.log(groups.candidates / groups.target_bins)
    return cross - log_width * sums[groups.candidates], log_top - log_width


def _block(
    weights: Array, sums: Array, counts: tuple[Array, Array] | None, block: Borders
) -> tuple[Array, Array]:
    """The same for one block of candidates; without `counts`, E is a group's sum, not its mean.

    A bin counts as cut by the border at its lower edge too: its left part is then 0.
    """
    below = sums.take(block.whole)
    at_border = weights.take(block.whole)
    expanded = _between(below + block.left * at_border)
    if counts is not None:
        used, used_sums = counts
        number = used_sums.take(block.whole) + block.left * used.take(block.whole)
        expanded /= np.maximum(_between(number), TINY)
    np.maximum(expanded, TINY, out=expanded)
    mixed = np.zeros_like(expanded)
    np.subtract(expanded[:-1], expanded[1:], out=mixed[1:])
    mixed *= block.left[:-1]
    mixed += expanded
    inside = _between(below)
    inside -= at_border[:-1]
    np.log(expanded, out=expanded)
    np.log(mixed, out=mixed)
    inside *= expanded
    mixed *= at_border[:-1]
    inside += mixed
    return inside.sum(axis=0), expanded[-1].copy()


def _between(values: Array) -> Array:
    """What lies between neighbouring borders. Slices of whole rows: far faster than np.diff."""
    result: Array = values[1:] - values[:-1]
    return result


def _prefix(values: Array) -> Array:
    """Sums of the first k values, k = 0..n: float64 (n + 1,)."""
    return np.concatenate(([0.0], values.cumsum()))

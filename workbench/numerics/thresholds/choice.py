"""Take the candidate that a float32 program takes, without running it at every candidate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.thresholds.groups import Groups
from workbench.numerics.thresholds.sequential import Rows, Single

Array = NDArray[np.float64]
UNIT = 2.0**-24  # half a unit in the last place of float32, relative
ROWS = 16  # candidates evaluated at once: their bins stay in the cache
SMALLEST, LARGEST = 2.0**-100, 2.0**100  # far enough from float32's ends to forget them


def float32_error(
    curve: Array, weights: Array, last: Array, groups: Groups, last_error: Array | float = 0.0
) -> Array:
    """Bound on how far a sequential float32 sum can be from the exact divergence.

    With u = 2^-24 the classical bounds give, for t terms x_j = P_j log(P_j / E_j):

    - each addition errs by u times the partial sum S;
    - each term errs by 2u |x_j| and by u P_j for each operation that made P_j and E_j.

    What remains is to bound |S| and sum |x_j| by what is known. Terms are negative where P < E,
    and sum of those P log(E / P) <= sum (E - P) = V. Pinsker's inequality gives
    V <= sqrt(mass * KL / 2), so |S| <= KL + V and sum |x_j| <= KL + 2V.

    Args:
        curve: float64 (n,), the divergence.
        weights: float64 (bins,), E's mass by bins.
        last: float64 (n,), P's last bin.
        groups: the borders.
        last_error: how far float32 may shift the last term.

    Returns:
        float64 (n,); infinite if the numbers come near float32's range, where the bound is void.
    """
    positive = weights[weights > 0]
    if positive.size and not (positive.min() > SMALLEST and positive.sum() < LARGEST):
        return np.full(curve.shape, np.inf)
    t = groups.candidates
    sums = np.concatenate(([0.0], np.cumsum(weights)))
    mass = np.maximum(sums[t - 1] + last, 0.0)
    missing = np.maximum(sums[t] - mass, 0.0)  # P's mass is E's or more, but for the rounding
    divergence = np.maximum(curve, 0.0) + missing
    negative = np.sqrt(mass * divergence / 2) + missing
    operations = t / groups.target_bins + 15
    per_term = operations * mass + 2 * (divergence + 2 * negative)
    result: Array = 1.1 * UNIT * (per_term + t * (divergence + negative)) + last_error
    return result


def choose(
    curve: Array, error: Array, evaluate: Callable[[Rows], Single], start: float
) -> tuple[Array, int]:
    """Find the first candidate with the least float32 loss.

    Only candidates that the error bound cannot tell from the best are evaluated.

    Args:
        curve: float64 (n,), losses to within `error`.
        error: float64 (n,); minus infinity for a candidate that can never be taken.
        evaluate: gives the float32 losses of some candidates; NaN where the original compares
            with NaN and so does not take the candidate.
        start: a loss has to be below this; if none is, the first candidate is taken.

    Returns:
        The curve with the evaluated losses put in, and the index of the choice.
    """
    lowest = curve - error
    nearest = np.array([lowest.argmin()])
    loss = evaluate(nearest)
    near = ~(lowest > loss)
    near[nearest] = False
    rows = np.flatnonzero(near)
    chunks = [rows[first : first + ROWS] for first in range(0, rows.size, ROWS)]
    losses = np.concatenate([loss, *map(evaluate, chunks)]).astype(np.float64)
    rows = np.concatenate((nearest, rows))
    settled = curve.copy()
    settled[rows] = np.where(np.isfinite(losses), losses, curve[rows])
    least = losses[losses < start].min(initial=start)
    best = int(rows[losses == least].min(initial=curve.size))
    return settled, best if least < start else 0

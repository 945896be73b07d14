"""One candidate of a KL search, laid open: what the search compares there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.numerics.thresholds.sequential import Copies, Single, running_sums


@dataclass(frozen=True, eq=False)
class Step:
    """The search at bin t. Every array is float32 and read-only.

    Attributes:
        bin: t; bins 0..t-1 are kept.
        clipped: (t,), P: the kept bins, all that is clipped added to the last.
        outliers: how much of P's last bin is the clipped mass.
        grouped: (target_bins,), Q: what each group gives to each of its bins.
        expanded: (t,), E: the groups laid out over the kept bins again.
        shares: (t,), each bin's share of the divergence, P log(P / E).
        loss: their sum, added up from the first bin to the last in float32.
    """

    bin: int
    clipped: Single
    outliers: float
    grouped: Single
    expanded: Single
    shares: Single
    loss: float


def step_of(parts: Copies, t: int, own: float) -> Step:
    """Lay open the one candidate in `parts`, whose last bin weighs `own` without the outliers.

    A last bin that rounding made negative has no share (the loop that is copied gets NaN there).
    """
    shares = np.where(np.isnan(parts.shares[:, :t]), np.float32(0), parts.shares[:, :t])
    arrays = (parts.clipped[0, :t], parts.grouped[0], parts.expanded[0, :t], shares[0])
    clipped, grouped, expanded, own_shares = (array.copy() for array in arrays)
    for array in (clipped, grouped, expanded, own_shares):
        array.setflags(write=False)
    loss = float(running_sums(shares)[0])
    return Step(t, clipped, float(clipped[-1]) - own, grouped, expanded, own_shares, loss)

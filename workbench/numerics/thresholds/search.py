"""What every threshold search returns: its choice, and the whole curve it chose from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Search:
    """The outcome of one threshold search over one histogram.

    Attributes:
        method: name of the search, as on the command line ("kl", "mse", ...).
        thresholds: float64 (n,), candidate thresholds in real units, ascending; read-only.
        losses: float64 (n,), the loss of each candidate; read-only.
        best: index of the chosen candidate.
        loss_name: what `losses` measures, with its unit, for an axis label.
        bins: int64 (n,), the candidate's bin t of the histogram where the search walks over bins
            (the KL searches, which keep the bins 0..t-1); None elsewhere; read-only.
    """

    method: str
    thresholds: NDArray[np.float64]
    losses: NDArray[np.float64]
    best: int
    loss_name: str
    bins: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        for name in ("thresholds", "losses"):
            array = np.array(getattr(self, name), dtype=np.float64)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if self.bins is not None:
            bins = np.array(self.bins, dtype=np.int64)
            bins.setflags(write=False)
            object.__setattr__(self, "bins", bins)

    @property
    def threshold(self) -> float:
        """The chosen threshold in real units; 0.0 if there was nothing to search (no values)."""
        return float(self.thresholds[self.best])

    @property
    def loss(self) -> float:
        """The loss at the chosen threshold."""
        return float(self.losses[self.best])

    @property
    def bin(self) -> int | None:
        """The chosen bin t, where the search walks over bins; None elsewhere."""
        return None if self.bins is None else int(self.bins[self.best])


def bin_thresholds(bins: NDArray[np.int64], absmax: float, count: int) -> NDArray[np.float64]:
    """(t + 0.5) * absmax / count rounded to float32: the middle of bin t, as float64 (n,)."""
    return ((bins + 0.5) * (absmax / count)).astype(np.float32).astype(np.float64)


def nothing_to_search(method: str, loss_name: str, bin_: int | None = None) -> Search:
    """The outcome for a histogram without values: threshold 0, loss 0."""
    zero = np.zeros(1)
    return Search(method, zero, zero, 0, loss_name, None if bin_ is None else np.array([bin_]))


def with_candidate(
    thresholds: NDArray[np.float64], chosen: float
) -> tuple[NDArray[np.float64], int]:
    """Put `chosen` among the ascending `thresholds` unless it is there, and say at which index."""
    index = int(np.searchsorted(thresholds, chosen))
    if index < thresholds.size and thresholds[index] == chosen:
        return thresholds, index
    return np.insert(thresholds, index, chosen), index

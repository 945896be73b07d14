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
    """

    method: str
    thresholds: NDArray[np.float64]
    losses: NDArray[np.float64]
    best: int
    loss_name: str

    def __post_init__(self) -> None:
        for name in ("thresholds", "losses"):
            array = np.array(getattr(self, name), dtype=np.float64)
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def threshold(self) -> float:
        """The chosen threshold in real units; 0.0 if there was nothing to search (no values)."""
        return float(self.thresholds[self.best])

    @property
    def loss(self) -> float:
        """The loss at the chosen threshold."""
        return float(self.losses[self.best])

"""Where the borders of the target bins fall: all that the KL searches know before the data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from workbench.errors import CalibrationError

BLOCK = 64  # candidates worked on at once: a temporary of 64 x 129 numbers stays in the cache


@dataclass(frozen=True, eq=False)
class Borders:
    """Borders of the groups of some candidates, read-only; border i of t is at i * t / groups.

    Attributes:
        whole: intp (target_bins + 1, m), the bin in which the border lies.
        left: float64 (target_bins + 1, m), the part of that bin left of the border; 0 where the
            border is the bin's own lower edge.
    """

    whole: NDArray[np.intp]
    left: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Groups:
    """Bins 0..t-1 cut into `target_bins` groups of equal width t / target_bins, for every t.

    A group is at least one bin wide, so no bin is cut twice.

    Attributes:
        target_bins: the number of groups.
        candidates: int64 (n,), the bins t = target_bins .. bins - 1.
        blocks: the borders of the first BLOCK candidates, of the next, and so on.
    """

    target_bins: int
    candidates: NDArray[np.int64]
    blocks: tuple[Borders, ...]

    def row(self, t: int) -> NDArray[np.intp]:
        """Index of candidate t as an array (1,); raises CalibrationError if it is none."""
        first, last = int(self.candidates[0]), int(self.candidates[-1])
        if not first <= t <= last:
            raise CalibrationError(f"bin {t} is no candidate: they are {first} to {last}")
        return np.array([t - first], dtype=np.intp)


@lru_cache(maxsize=4)
def groups_of(bins: int, target_bins: int) -> Groups:
    """Tabulate the borders; they depend on two numbers only, so each pair is done once (4 MB).

    Raises:
        CalibrationError: if there are not more bins than target bins.
    """
    if not 1 <= target_bins < bins:
        raise CalibrationError(
            f"{bins} bins cannot be searched for {target_bins} target bins",
            advice="Use more bins than target bins (ncnn: 2048 and 128).",
        )
    candidates = np.arange(target_bins, bins, dtype=np.int64)
    candidates.setflags(write=False)
    blocks = (candidates[first : first + BLOCK] for first in range(0, candidates.size, BLOCK))
    return Groups(target_bins, candidates, tuple(borders(t, target_bins) for t in blocks))


def borders(t: NDArray[np.int64], target_bins: int) -> Borders:
    """Borders of the candidates `t`, int64 (m,), in exact arithmetic."""
    place = np.arange(target_bins + 1)[:, None] * t
    whole, left = (place // target_bins).astype(np.intp), (place % target_bins) / target_bins
    for table in (whole, left):
        table.setflags(write=False)
    return Borders(whole, left)

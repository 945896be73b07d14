"""Where the borders of the target bins fall: all that the KL searches know before the data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from workbench.errors import CalibrationError


@dataclass(frozen=True, eq=False)
class Groups:
    """Bins 0..t-1 cut into `target_bins` groups of equal width t / target_bins, for every t.

    Border i of candidate t lies at i * t / target_bins (in bins). A group is at least one bin
    wide, so no bin is cut twice.

    Attributes:
        candidates: int64 (n,), the bins t = target_bins .. bins - 1.
        whole: intp (n, target_bins + 1), the bin in which border i lies.
        cut: intp (n, target_bins + 1), the same where the border cuts that bin in two; `bins`,
            one past the last, where it falls between two bins.
        left: float64 (n, target_bins + 1), the part of the cut bin that lies left of the border.
    """

    candidates: NDArray[np.int64]
    whole: NDArray[np.intp]
    cut: NDArray[np.intp]
    left: NDArray[np.float64]


@lru_cache(maxsize=4)
def groups_of(bins: int, target_bins: int) -> Groups:
    """Tabulate the borders; depends on two numbers only, so each pair is computed once (6 MB).

    Raises:
        CalibrationError: if there are not more bins than target bins.
    """
    if not 1 <= target_bins < bins:
        raise CalibrationError(
            f"{bins} bins cannot be searched for {target_bins} target bins",
            advice="Use more bins than target bins (ncnn: 2048 and 128).",
        )
    candidates = np.arange(target_bins, bins, dtype=np.int64)
    border = candidates[:, None] * np.arange(target_bins + 1)
    whole = (border // target_bins).astype(np.intp)
    rest = border % target_bins
    groups = Groups(candidates, whole, np.where(rest, whole, bins), rest / target_bins)
    for table in (candidates, whole, groups.cut, groups.left):
        table.setflags(write=False)
    return groups

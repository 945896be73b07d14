"""The exercises of lesson 6: percentile, MSE and ACIQ."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.lessons.checks import Attempt, Claims, exercise
from workbench.numerics.affine import dequantize, quantize, scale_of
from workbench.numerics.thresholds.aciq import aciq_threshold


@exercise
def percentile(attempt: Attempt) -> Claims:
    """Give the smallest threshold with at least a given share of the numbers inside it."""
    eight = np.array([3.0, -7.0, 1.0, 8.0, -2.0, 5.0, 6.0, -4.0])
    yield "100 percent keep the largest", attempt(eight, 100) == 8
    yield "half of the sizes 1 to 8 are up to 4", attempt(eight, 50) == 4
    yield "three quarters of them are up to 6", attempt(eight, 75) == 6
    x = np.random.default_rng(7).standard_t(3, 1001)
    for percent in (90, 99.5, 99.99):
        threshold = attempt(x, percent)
        inside, share = np.abs(x), percent / 100
        yield "it is a number above 0", threshold > 0
        yield "enough numbers lie inside", np.mean(inside <= threshold) >= share
        yield "a smaller threshold would keep too few", np.mean(inside < threshold) < share
        yield "it is one of the sizes", np.isclose(inside, threshold, rtol=1e-9).any()


@exercise
def squared(attempt: Attempt) -> Claims:
    """Choose the candidate with the smallest squared error."""
    candidates = np.array([0.5, 1.0, 2.0, 3.0, 3.8, 5.0, 12.0, 60.0])
    bell = np.random.default_rng(8).normal(0, 1, 4000).astype(np.float32)
    stray = np.append(bell, np.float32(60))
    for x in (bell, stray, 0.1 * bell):
        chosen = attempt(x, candidates)
        yield "it is one of the candidates", np.isin(chosen, candidates)
        yield "it is a threshold, no index and no error", np.ndim(chosen) == 0
        errors = [_error(x, threshold) for threshold in candidates]
        yield "no other candidate has a smaller error", _error(x, chosen) <= min(errors) * 1.0001
    yield (
        "the candidates may come in any order",
        (attempt(bell, candidates[::-1]) == attempt(bell, candidates)),
    )


@exercise
def bell(attempt: Attempt) -> Claims:
    """Compute ACIQ's threshold from the largest number and how many there were."""
    yield (
        "twice as large, twice the threshold",
        np.isclose(attempt(2.0, 1000), 2 * attempt(1.0, 1000)),
    )
    yield (
        "more numbers with the same largest mean a smaller spread",
        (attempt(1.0, 100_000) < attempt(1.0, 1000)),
    )
    yield "conv2: about 312", abs(attempt(300.0, 4096) - 312) < 0.6
    for largest, n in ((1.0, 50), (4.4, 100_000), (0.02, 8192)):
        expected = float(aciq_threshold(largest, n))
        yield "it agrees with the workbench", np.isclose(attempt(largest, n), expected, rtol=1e-3)


@exercise
def strays(attempt: Attempt) -> Claims:
    """Say how many of 100 000 numbers must be strays for the 99.99 % percentile to be one."""
    count = attempt.value
    yield "it is a whole number above 0", count == int(count) and count > 0
    yield "no more than 100 000 can be strays", count <= 100_000
    yield "with one stray less the percentile is an ordinary number", not _outvoted(int(count) - 1)
    yield "with so many strays it is a stray", _outvoted(int(count))


def _error(x: NDArray[np.float32], threshold: float) -> float:
    scale = scale_of(threshold)
    return float(np.mean((dequantize(quantize(x, scale), scale) - x) ** 2))


def _outvoted(count: int) -> bool:
    """Whether the size that 99 990 of 100 000 sizes do not exceed is one of `count` strays."""
    sizes = np.concatenate((np.ones(100_000 - count), np.full(count, 50.0)))
    return bool(np.sort(sizes)[99_990 - 1] == 50)

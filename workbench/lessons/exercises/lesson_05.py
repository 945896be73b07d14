"""The exercises of lesson 5: the KL search by hand."""

from __future__ import annotations

import numpy as np

from workbench.lessons.checks import Attempt, Claims, exercise, same
from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds import threshold_distribution, threshold_distribution_step

FALLING = np.array([16, 16, 8, 8, 4, 2, 1, 1, 4, 1, 1, 2]) / 64
GAPS = np.array([0.5, 0.0, 0.25, 0.0, 0.0, 0.0, 0.125, 0.125])


@exercise
def divergence(attempt: Attempt) -> Claims:
    """Compute KL(P, Q) of two distributions."""
    half = np.array([0.5, 0.5])
    skew = np.array([0.75, 0.25])
    yield "equal distributions do not diverge", attempt(half, half) == 0
    yield "it is one number, above 0 for others", np.isscalar(attempt(half, skew) + 0.0)
    yield (
        "of P = (1, 0) and Q = (1/2, 1/2) it is log 2",
        np.isclose(attempt(np.array([1.0, 0.0]), half), np.log(2)),
    )
    yield (
        "P and Q have different parts in it",
        not np.isclose(attempt(half, skew), attempt(skew, half)),
    )
    expected = 0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25)
    yield "it agrees with the formula", np.isclose(attempt(half, skew), expected)


@exercise
def collect(attempt: Attempt) -> Claims:
    """Clip shares at a candidate t, and collect what is clipped on the last kept bin."""
    given = FALLING.copy()
    for t in (4, 9, 11):
        p = np.asarray(attempt(given, t))
        yield "P has t bins", p.shape == (t,)
        yield "all bins but the last are as before", same(p[:-1], FALLING[: t - 1])
        yield "nothing gets lost: the sum is still 1", np.isclose(p.sum(), 1.0)
        step = threshold_distribution_step(FALLING, t, 4)
        yield "it agrees with the workbench", np.allclose(p, step.clipped, atol=1e-6)
        yield "the shares that were given are not changed", same(given, FALLING)


@exercise
def expand(attempt: Attempt) -> Claims:
    """Gather the kept shares into groups, and spread each group over its bins again."""
    kept = FALLING[:8]
    flat = np.full(8, 0.125)
    yield "it has as many bins as it was given", np.shape(attempt(kept, 4)) == (8,)
    yield "with a level for each bin nothing changes", same(attempt(kept, 8), kept)
    yield "an even distribution stays even", np.allclose(attempt(flat, 2), flat)
    yield (
        "(4, 2) / 64 in one group become (3, 3) / 64",
        np.allclose(np.asarray(attempt(kept, 4))[4:6], 3 / 64),
    )
    q = np.asarray(attempt(GAPS, 2))
    yield "empty bins stay empty", same(q == 0, GAPS == 0)
    yield "each group keeps its sum", np.allclose(q.reshape(2, 4).sum(axis=1), [0.75, 0.25])
    yield "a group with nothing in it has zeros", same(np.asarray(attempt(GAPS, 4))[4:6], [0, 0])
    step = threshold_distribution_step(np.append(GAPS, 0.01), 8, 4)
    yield "it agrees with the workbench", np.allclose(attempt(GAPS, 4), step.expanded, atol=1e-6)


@exercise
def threshold(attempt: Attempt) -> Claims:
    """Give the threshold of candidate t, for 2048 bins from 0 to the largest number."""
    yield "it grows with t", attempt(200, 1.0) > attempt(199, 1.0)
    yield "neighbours differ by one bin", np.isclose(attempt(200, 2048.0) - attempt(199, 2048.0), 1)
    yield "it is above the kept bins, which end at t", attempt(150, 2048.0) > 150
    yield "twice the range, twice the threshold", np.isclose(attempt(150, 8.0), 2 * attempt(150, 4))
    counts = np.random.default_rng(6).integers(0, 99, 2048)
    search = threshold_distribution(Histogram(counts, 12.5))
    given = attempt(search.bin, 12.5)
    yield "it agrees with the workbench", np.isclose(given, search.threshold, rtol=1e-6)

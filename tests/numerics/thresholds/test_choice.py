from __future__ import annotations

from types import ModuleType

import numpy as np

from workbench.numerics.thresholds.choice import choose, float32_error
from workbench.numerics.thresholds.divergence import divergences
from workbench.numerics.thresholds.groups import groups_of


def test_float32_never_leaves_the_error_bound(plain: ModuleType, shape: str) -> None:
    groups = groups_of(400, 64)
    for seed in range(8):
        for floor in (1e-5, 0.0):
            weights = plain.normalised(plain.raised(plain.drawn(shape, seed, 400), floor))
            tails = np.array([weights[t:].sum(dtype=np.float64) for t in groups.candidates])
            last = weights[groups.candidates - 1] + tails
            wide = weights.astype(np.float64)
            curve = divergences(wide, last, groups, sparse=floor == 0)
            # the plain loop's running sum errs in the last term too
            slack = 400 * 2.0**-24 * (np.abs(np.log(wide[wide > 0].min())) + 1)
            bound = float32_error(curve, wide, last, groups, slack)
            _, losses = plain.threshold_distribution(weights, 64)
            own = weights[groups.candidates - 1]
            known = np.isfinite(losses) & (own > 0) & (last > 1e-4)
            assert (np.abs(losses - curve)[known] <= bound[known]).all()


def evaluated(exact: list[float], curve: list[float], error: float) -> tuple[int, list[int]]:
    asked: list[int] = []

    def evaluate(rows: np.ndarray) -> np.ndarray:
        asked.extend(rows.tolist())
        losses: np.ndarray = np.array(exact, np.float32)[rows]
        return losses

    _, best = choose(np.array(curve), np.full(len(curve), error), evaluate, 1000.0)
    return best, sorted(asked)


def test_only_candidates_within_the_error_are_evaluated() -> None:
    assert evaluated([5, 2.1, 2.0, 7], [5, 2.0, 2.05, 7], 0.2) == (2, [1, 2])


def test_the_first_of_equals_is_chosen() -> None:
    assert evaluated([3, 2, 2, 2], [3, 2.02, 2.01, 2.0], 0.2)[0] == 1


def test_a_candidate_that_is_not_a_number_is_never_chosen() -> None:
    nan = float("nan")
    assert evaluated([3, nan, 2.5, 2.7], [3, 2.0, 2.5, 2.7], 0.1)[0] == 2


def test_a_candidate_that_can_never_be_taken_is_not_evaluated() -> None:
    asked: list[int] = []

    def evaluate(rows: np.ndarray) -> np.ndarray:
        asked.extend(rows.tolist())
        losses: np.ndarray = np.array([3, 1, 2], np.float32)[rows]
        return losses

    error = np.array([0.1, -np.inf, 0.1])
    assert choose(np.array([3.0, 1.0, 2.0]), error, evaluate, 1000.0)[1] == 2
    assert asked == [2]


def test_without_a_loss_below_the_start_the_first_candidate_is_taken() -> None:
    assert evaluated([3000, 1000, 2000], [3000, 1000, 2000], 0.1)[0] == 0


def test_the_curve_shows_the_losses_that_decided() -> None:
    losses, _ = choose(
        np.array([1.0, 2.0, 5.0]),
        np.full(3, 2.0),
        lambda rows: np.array([1.5, 1.25, 9.0], np.float32)[rows],
        np.inf,
    )
    assert losses.tolist() == [1.5, 1.25, 5.0]

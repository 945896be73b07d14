from __future__ import annotations

import numpy as np
import pytest

from workbench.numerics.thresholds.search import (
    Search,
    bin_thresholds,
    nothing_to_search,
    with_candidate,
)


def test_a_search_keeps_read_only_copies() -> None:
    thresholds = np.array([1.0, 2.0])
    search = Search("kl", thresholds, np.array([3.0, 1.0]), 1, "loss", np.array([128, 129]))
    thresholds[:] = 0
    assert (search.threshold, search.loss, search.bin) == (2.0, 1.0, 129)
    assert search.bins is not None
    for array in (search.thresholds, search.losses, search.bins):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5


def test_a_search_that_does_not_walk_over_bins_has_none() -> None:
    assert nothing_to_search("mse", "loss").bin is None


def test_the_last_bin_of_a_huge_range_stays_finite() -> None:
    largest = float(np.finfo(np.float32).max)
    assert np.isfinite(bin_thresholds(np.array([2047]), largest, 2048)).all()


def test_a_new_candidate_is_put_in_order() -> None:
    thresholds, index = with_candidate(np.array([1.0, 2.0, 4.0]), 3.0)
    assert (thresholds.tolist(), index) == ([1.0, 2.0, 3.0, 4.0], 2)


def test_a_known_candidate_is_not_repeated() -> None:
    thresholds, index = with_candidate(np.array([1.0, 2.0]), 2.0)
    assert (thresholds.tolist(), index) == ([1.0, 2.0], 1)

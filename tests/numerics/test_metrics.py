from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.errors import InputError
from workbench.numerics import metrics

ZERO = np.zeros(4, np.float32)
ONE = np.array([0, 3, 0, 4], np.float32)
blobs = arrays(np.float32, 6, elements=st.floats(-(2.0**60), 2.0**60, width=32))


def test_the_metrics_of_a_worked_example() -> None:
    a, b = np.array([3.0, 4.0]), np.array([3.3, 3.2])
    assert metrics.cosine(a, b) == pytest.approx((9.9 + 12.8) / (5 * math.hypot(3.3, 3.2)))
    assert metrics.angle_degrees(a, b) == pytest.approx(
        math.degrees(math.atan2(4, 3) - math.atan2(3.2, 3.3))
    )
    assert metrics.mae(a, b) == pytest.approx((0.3 + 0.8) / 2)
    assert metrics.mre(a, b) == pytest.approx((0.1 + 0.2) / 2)
    assert metrics.sqnr(a, b) == pytest.approx(10 * math.log10(25 / (0.09 + 0.64)))


def test_the_filtered_error_leaves_ratios_above_one_out() -> None:
    a, b = np.array([1.0, 1.0, -2.0, 4.0]), np.array([1.5, 3.1, 0.0, 4.0])
    assert metrics.mre(a, b) == pytest.approx((0.5 + 2.1 + 1 + 0) / 4)
    assert metrics.mre_filtered(a, b) == pytest.approx((0.5 + 1 + 0) / 3)


def test_elements_without_a_reference_have_no_relative_error() -> None:
    assert metrics.mre(np.array([0.0, 2.0]), np.array([5.0, 1.0])) == 0.5


def test_equal_blobs_have_no_error() -> None:
    assert metrics.cosine(ONE, ONE) == 1
    assert metrics.angle_degrees(ONE, ONE) == 0
    assert metrics.mae(ONE, ONE) == metrics.mre(ONE, ONE) == metrics.mre_filtered(ONE, ONE) == 0
    assert metrics.sqnr(ONE, ONE) == math.inf


def test_two_zero_blobs_are_equal() -> None:
    assert metrics.cosine(ZERO, ZERO) == 1
    assert metrics.angle_degrees(ZERO, ZERO) == 0
    assert metrics.mre(ZERO, ZERO) == metrics.mre_filtered(ZERO, ZERO) == 0
    assert metrics.sqnr(ZERO, ZERO) == math.inf


def test_a_zero_result_is_at_right_angles() -> None:
    assert metrics.cosine(ONE, ZERO) == 0
    assert metrics.angle_degrees(ONE, ZERO) == 90
    assert metrics.mre(ONE, ZERO) == metrics.mre_filtered(ONE, ZERO) == 1
    assert metrics.sqnr(ONE, ZERO) == 0


def test_a_zero_reference_has_unbounded_relative_error() -> None:
    assert metrics.cosine(ZERO, ONE) == 0
    assert metrics.mre(ZERO, ONE) == math.inf
    assert metrics.mre_filtered(ZERO, ONE) == 1
    assert metrics.sqnr(ZERO, ONE) == -math.inf


def test_opposite_blobs_are_half_a_turn_apart() -> None:
    assert metrics.angle_degrees(ONE, -ONE) == 180


def test_sums_are_kept_in_float64() -> None:
    a = np.full(2**20, 0.1, np.float32)
    b = a.copy()
    b[0] = 0
    exact = math.sqrt((a.size - 1) / a.size)
    assert metrics.cosine(a, b) == pytest.approx(exact, abs=1e-14)
    assert metrics.cosine(np.full(3, 1e38, np.float32), np.ones(3)) == pytest.approx(1)


@given(blobs, blobs)
def test_every_metric_is_defined(a: np.ndarray, b: np.ndarray) -> None:
    assert -1 <= metrics.cosine(a, b) <= 1
    assert 0 <= metrics.angle_degrees(a, b) <= 180
    assert metrics.mae(a, b) >= 0
    assert 0 <= metrics.mre_filtered(a, b) <= 1
    assert metrics.mre(a, b) >= 0
    assert not math.isnan(metrics.sqnr(a, b))


def test_blobs_of_different_shapes_are_refused() -> None:
    with pytest.raises(InputError, match=r"shape \(3,\)"):
        metrics.cosine(np.ones((3, 1)), np.ones(3))


@pytest.mark.parametrize("size", [metrics.BLOCK, metrics.BLOCK + 1, 3 * metrics.BLOCK - 1])
def test_the_sums_of_blocks_are_the_sums_of_the_whole(size: int) -> None:
    rng = np.random.default_rng(size)
    a = np.maximum(rng.normal(0, 1, size), 0).astype(np.float32)
    b = (a + rng.normal(0, 0.5, size)).astype(np.float32)
    x, y = a.astype(np.float64), b.astype(np.float64)
    ratios = np.abs(x - y)[x > 0] / x[x > 0]
    sums = metrics.Sums.of(a, b)
    assert sums.mae == pytest.approx(np.abs(x - y).mean(), rel=1e-12)
    assert sums.mre == pytest.approx(ratios.mean(), rel=1e-12)
    assert sums.mre_filtered == pytest.approx(ratios[ratios <= 1].mean(), rel=1e-12)
    assert sums.cosine == pytest.approx(x @ y / np.sqrt((x @ x) * (y @ y)), rel=1e-12)
    assert sums.sqnr_db == pytest.approx(10 * np.log10(x @ x / ((x - y) @ (x - y))), rel=1e-12)


def test_empty_blobs_are_equal() -> None:
    empty = np.empty(0, np.float32)
    assert metrics.cosine(empty, empty) == 1
    assert metrics.mae(empty, empty) == metrics.mre(empty, empty) == 0


def test_the_blobs_themselves_are_left_alone() -> None:
    a, b = np.arange(4.0), np.ones(4)
    metrics.Sums.of(a, b)
    assert (a.tolist(), b.tolist()) == ([0, 1, 2, 3], [1, 1, 1, 1])

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.errors import CalibrationError
from workbench.graph import Layer
from workbench.numerics.fixed_point import OverflowCounter
from workbench.ops.integer.combining import (
    largest,
    prepare_product,
    prepare_sum,
    product,
    smallest,
    weighted_sum,
)
from workbench.ops.integer.rescaling import prepare_change

SCALES = st.floats(0.5, 500)
SHAPES = [
    ((3, 2, 4), (3, 2, 4)),
    ((3, 2, 4), (3,)),
    ((3,), (3, 2, 4)),
    ((3, 2, 4), (3, 1, 1)),
    ((3, 1, 1), (3, 2, 4)),
    ((3, 2, 4), (1,)),
    ((3, 2, 4), (4,)),
    ((3, 2, 4), (3, 2)),
    ((3, 2, 4), (1, 2, 4)),
    ((3, 2, 4), (3, 2, 1)),
    ((5, 4), (5,)),
    ((5, 4), (4,)),
    ((5, 4), (1,)),
    ((6,), (6,)),
    ((6,), (1,)),
]


def drawn(shape: tuple[int, ...], seed: int, limit: int = 127) -> NDArray[Any]:
    return np.random.default_rng(seed).integers(-limit, limit + 1, shape).astype(np.int8)


def binary(op: int) -> Layer:
    return Layer("BinaryOp", "x", ("a", "b"), ("c",), {0: op})


# --- sums ---


def test_the_documents_sum_in_the_scale_of_its_reader() -> None:
    # a = [1.0, 0.5] at 63.5, b = [1.0, 1.27] at 100, c = [2.0, 1.77] at 63.5: [127, 112.4]
    a, b = np.array([64, 32], np.int8), np.array([100, 127], np.int8)
    assert weighted_sum([a, b], prepare_sum([63.5, 100.0], 63.5)).tolist() == [127, 113]
    # the document's 8 bits: 63.5 / 100 * 2^8 = 162.56, so E = 163, which is a little more
    rounded = prepare_sum([63.5, 100.0], 63.5, flavour="rounded")
    assert weighted_sum([a, b], rounded).tolist() == [127, 113]  # 64 + 64 = 128 is clipped
    floor = prepare_sum([63.5, 100.0], 63.5, flavour="floor")
    assert weighted_sum([a, b], floor).tolist() == [127, 112]


def test_the_fork_adds_in_int8_and_wraps() -> None:
    a, b = np.array([100, -100, 3], np.int8), np.array([100, -100, 4], np.int8)
    assert weighted_sum([a, b], prepare_sum([1.0, 1.0], 1.0)).tolist() == [127, -127, 7]
    wrapping = prepare_sum([1.0, 1.0], 1.0, wraps=True)
    assert weighted_sum([a, b], wrapping).tolist() == [-56, 56, 7]


@given(SCALES, SCALES, SCALES, st.integers(0, 20), st.sampled_from([(1, 1), (1, -1)]))
def test_a_sum_is_within_its_bound(
    left: float, right: float, top: float, headroom: int, weights: tuple[float, ...]
) -> None:
    a, b = drawn((200,), 1), drawn((200,), 2)
    prepared = prepare_sum([left, right], top, weights, headroom=headroom)
    exact = weights[0] * a * (top / left) + weights[1] * b * (top / right)
    error = np.abs(weighted_sum([a, b], prepared) - exact.clip(-127, 127))
    bound = 1.0 if headroom == 0 else 0.5 + 2.0**-headroom
    if max(top / left, top / right) < 2.0 ** (31 - 7 - headroom):
        assert error.max() <= bound + 1e-6


@pytest.mark.parametrize(("left", "right"), SHAPES)
@pytest.mark.parametrize("op", [0, 1])
def test_sums_stretch_as_in_ncnn(
    ncnn: Any, left: tuple[int, ...], right: tuple[int, ...], op: int
) -> None:
    a, b = drawn(left, 1, 60), drawn(right, 2, 60)
    prepared = prepare_sum([1.0, 1.0], 1.0, (1, -1 if op else 1))
    ours = weighted_sum([a, b], prepared)
    assert ours.dtype == np.int8
    np.testing.assert_array_equal(ours, ncnn(binary(op), a, b)[0])


@pytest.mark.parametrize("coeffs", [(), (1.0, -1.0, 2.0), (0.0, 1.0, 0.5)])
def test_a_weighted_sum_is_eltwises(ncnn: Any, coeffs: tuple[float, ...]) -> None:
    bottoms = [drawn((2, 3, 4), seed, 30) // 2 * 2 for seed in range(3)]
    layer = Layer(
        "Eltwise", "x", ("a", "b", "c"), ("d",), {0: 1, **({1: coeffs} if coeffs else {})}
    )
    prepared = prepare_sum([4.0] * 3, 4.0, coeffs or None)
    np.testing.assert_array_equal(weighted_sum(bottoms, prepared), ncnn(layer, *bottoms)[0])


def test_each_channel_of_a_sum_can_have_scales_of_its_own() -> None:
    a = np.full((2, 1, 3), 40, np.int8)
    b = np.full((2, 1, 3), 20, np.int8)
    prepared = prepare_sum([np.array([10, 20], np.float32), 10.0], np.array([10, 10], np.float32))
    assert weighted_sum([a, b], prepared)[:, 0, 0].tolist() == [60, 40]


def test_a_sum_that_leaves_int32_is_counted() -> None:
    most, counter = np.array([127], np.int8), OverflowCounter()
    prepared = prepare_sum([1.0] * 2, 10.0, headroom=20)  # 2 * 1270 * 2^20 is above 2^31
    assert weighted_sum([most, most], prepared, counter).tolist() == [127]
    assert counter.overflows == 1


@pytest.mark.parametrize("headroom", [-1, 21])
def test_a_headroom_that_does_not_fit_is_refused(headroom: int) -> None:
    with pytest.raises(CalibrationError, match="headroom"):
        prepare_sum([1.0, 1.0], 1.0, headroom=headroom)


def test_a_weight_for_every_blob() -> None:
    with pytest.raises(CalibrationError, match="2 blobs have 3 weights"):
        prepare_sum([1.0, 1.0], 1.0, (1, 1, 1))


# --- products ---


@given(SCALES, SCALES, st.floats(0.01, 2))
def test_a_product_is_the_nearest_level(left: float, right: float, ratio: float) -> None:
    a, b = drawn((200,), 1), drawn((200,), 2)
    prepared = prepare_product([left, right], ratio * left * right)
    exact = a.astype(np.float64) * b * prepared.real[0]
    assert np.abs(product([a, b], prepared) - exact.clip(-127, 127)).max() <= 0.5


@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_products_stretch_as_in_ncnn(
    ncnn: Any, left: tuple[int, ...], right: tuple[int, ...]
) -> None:
    a, b = drawn(left, 1, 11), drawn(right, 2, 11)
    ours = product([a, b], prepare_product([1.0, 1.0], 1.0))
    assert ours.dtype == np.int8
    np.testing.assert_array_equal(ours, ncnn(binary(2), a, b)[0])


def test_a_product_of_three_is_eltwises(ncnn: Any) -> None:
    bottoms = [drawn((2, 3, 4), seed, 5) for seed in range(3)]
    layer = Layer("Eltwise", "x", ("a", "b", "c"), ("d",), {0: 0})
    prepared = prepare_product([1.0] * 3, 1.0)
    np.testing.assert_array_equal(product(bottoms, prepared), ncnn(layer, *bottoms)[0])


def test_four_factors_fit_in_int32_and_five_are_refused() -> None:
    counter, most = OverflowCounter(), np.array([-127], np.int8)
    prepared = prepare_product([1.0] * 4, 127.0**-3)
    assert product([most] * 4, prepared, counter).tolist() == [127]
    assert counter.overflows == 0
    with pytest.raises(CalibrationError, match="does not fit in int32"):
        prepare_product([1.0] * 5, 1.0)


# --- maxima ---


@pytest.mark.parametrize(("left", "right"), SHAPES)
@pytest.mark.parametrize(("op", "function"), [(4, largest), (5, smallest)])
def test_maxima_and_minima_are_ncnns(
    ncnn: Any, left: tuple[int, ...], right: tuple[int, ...], op: int, function: Any
) -> None:
    a, b = drawn(left, 1), drawn(right, 2)
    np.testing.assert_array_equal(function([a, b], [None, None]), ncnn(binary(op), a, b)[0])


def test_maxima_are_taken_in_one_scale() -> None:
    a, b = np.array([100, 10], np.int8), np.array([60, 50], np.int8)
    changes = [prepare_change(20.0, 10.0), None]
    assert largest([a, b], changes).tolist() == [60, 50]
    assert smallest([a, b], changes).tolist() == [50, 5]

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.errors import GraphError
from workbench.graph import Layer
from workbench.ops import check, shapes, values
from workbench.ops.integer.pooling import divide, pool, prepare_mean, sums_and_areas

SIZES = st.tuples(st.integers(1, 3), st.integers(1, 8), st.integers(1, 8))


def pooling(params: dict[int, Any]) -> Layer:
    return Layer("Pooling", "x", ("a",), ("b",), params)


def drawn(shape: tuple[int, ...], seed: int) -> NDArray[Any]:
    return np.random.default_rng(seed).integers(-127, 128, shape).astype(np.int8)


@st.composite
def windows(draw: Any) -> tuple[Layer, tuple[int, ...]]:
    """Kernel, stride, border of every pad_mode; a window may reach over an edge."""
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    border = [draw(st.integers(0, size - 1)) for size in (*kernel, *kernel)]
    params = {0: draw(st.integers(0, 1)), 1: kernel[0], 11: kernel[1]}
    params |= {2: draw(st.integers(1, 3)), 12: draw(st.integers(1, 3)), 5: draw(st.integers(0, 3))}
    if params[5] < 2:  # the others find their borders by themselves
        params |= dict(zip((3, 13, 14, 15), border, strict=True))
    params[6] = draw(st.integers(0, 1))
    layer, shape = pooling(params), draw(SIZES)
    w, h = shape[2] + params.get(3, 0) + params.get(14, 0), shape[1]
    h += params.get(13, 0) + params.get(15, 0)
    assume(params[5] >= 2 or (w >= kernel[0] and h >= kernel[1]))
    # where a stride steps over the end of one axis and the other needs a border, ncnn
    # corrupts its memory
    totals = [
        size + (length - 1) // params[stride] * params[stride] - length
        for size, length, stride in ((kernel[0], shape[2], 2), (kernel[1], shape[1], 12))
    ]
    assume(params[5] < 2 or not min(totals) < 0 < max(totals))
    return layer, shape


@given(windows(), st.integers(0, 99))
def test_windows_are_those_of_ncnn(
    ncnn: Any, case: tuple[Layer, tuple[int, ...]], seed: int
) -> None:
    layer, shape = case
    check(layer)
    x = drawn(shape, seed)
    compare(ncnn, layer, x)
    assert pool(values(layer), x).shape == shapes(layer, [shape])[0]


@pytest.mark.parametrize("include", [0, 1])
def test_what_a_last_window_reaches_beyond_the_edge_is_as_in_ncnn(ncnn: Any, include: int) -> None:
    # four elements and windows of 3 with stride 2: the last has two of its own
    layer = pooling({0: 1, 1: 3, 2: 2, 6: include})
    x = np.full((1, 4, 4), 90, np.int8)
    compare(ncnn, layer, x)
    assert pool(values(layer), x)[0, 0].tolist() == ([90, 60] if include else [90, 90])


@given(SIZES, st.integers(0, 1), st.integers(0, 99))
def test_a_global_pooling_is_ncnns(ncnn: Any, shape: tuple[int, ...], kind: int, seed: int) -> None:
    compare(ncnn, pooling({0: kind, 4: 1}), drawn(shape, seed))


@given(SIZES, st.integers(0, 1), st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
def test_an_adaptive_pooling_is_ncnns(
    ncnn: Any, shape: tuple[int, ...], kind: int, width: int, height: int, seed: int
) -> None:
    compare(ncnn, pooling({0: kind, 7: 1, 8: width, 18: height}), drawn(shape, seed))


def test_an_adaptive_pooling_can_keep_an_axis(ncnn: Any) -> None:
    compare(ncnn, pooling({0: 1, 7: 1, 8: -233, 18: 2}), drawn((2, 5, 3), 0))


def compare(ncnn: Any, layer: Layer, x: NDArray[Any]) -> None:
    """ncnn's mean, rounded, is ours; a window beside the blob has none."""
    ours, (theirs,) = pool(values(layer), x), ncnn(layer, x)
    assert ours.dtype == np.int8
    with np.errstate(invalid="ignore"):
        beside = ~(np.abs(theirs) <= 127)
    mean = values(layer).pooling_type == 1
    rounded = np.trunc(theirs + np.copysign(np.float32(0.5), theirs)) if mean else theirs
    np.testing.assert_array_equal(ours, np.where(beside, 0 if mean else -127, rounded))


def test_sums_are_int32_and_so_are_areas() -> None:
    x = np.full((1, 200, 200), 127, np.int8)
    sums, areas = sums_and_areas(values(pooling({0: 1, 4: 1})), x)
    assert sums.dtype == areas.dtype == np.int32
    assert (sums.tolist(), areas.tolist()) == ([127 * 40000], [40000])


@given(st.integers(-(2**31), 2**31 - 1), st.integers(1, 10**6))
def test_a_mean_rounds_halves_away_from_zero(total: int, area: int) -> None:
    away = (2 * abs(total) + area) // (2 * area)
    expected = away if total >= 0 else -away
    assert divide(np.array([total], np.int32), np.array([area], np.int32)).tolist() == [expected]


def test_maxima_take_minus_127_from_the_border() -> None:
    layer = pooling({0: 0, 1: 3, 3: 1})
    low = np.full((1, 2, 2), -127, np.int8)
    assert pool(values(layer), low).min() == -127


@given(st.floats(1, 100), st.floats(1, 100), st.integers(0, 99))
def test_a_mean_in_a_scale_of_its_own_keeps_what_is_below_a_level(
    bottom: float, top: float, seed: int
) -> None:
    layer, x = pooling({0: 1, 4: 1}), drawn((4, 7, 7), seed) // 4
    ours = pool(values(layer), x, prepare_mean(bottom, top)).astype(np.float64)
    exact = (x.mean((1, 2)) * (top / bottom)).clip(-127, 127)
    assert np.abs(ours - exact).max() <= 0.5 + top / bottom * 2**-13 + 1e-6


def test_a_window_larger_than_the_blob_is_refused() -> None:
    with pytest.raises(GraphError, match="larger than its input"):
        pool(values(pooling({1: 3})), drawn((1, 2, 2), 0))

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.errors import GraphError
from workbench.graph import Layer
from workbench.ops import values
from workbench.ops.integer.resizing import nearest

SHAPES = st.lists(st.integers(1, 7), min_size=1, max_size=3).map(tuple)
SCALES = st.sampled_from([0.5, 1.0, 1.3, 2.0, 1 / 3, 3.0, 2.7])


def numbered(shape: tuple[int, ...]) -> NDArray[Any]:
    return (np.arange(np.prod(shape)) % 255 - 127).astype(np.int8).reshape(shape)


def compare(ncnn: Any, layer: Layer, *bottoms: NDArray[Any]) -> None:
    ours = nearest(values(layer), *bottoms)
    assert ours.dtype == np.int8
    np.testing.assert_array_equal(ours, ncnn(layer, *bottoms)[0])


@given(SHAPES, SCALES, SCALES)
def test_scales_pick_the_elements_that_ncnn_picks(
    ncnn: Any, shape: tuple[int, ...], height: float, width: float
) -> None:
    ends = (int(n * np.float32(s)) for n, s in zip(shape[-2:][::-1], (width, height), strict=False))
    if len(shape) > 1 and min(ends) > 0:
        layer = Layer("Interp", "x", ("a",), ("b",), {0: 1, 1: height, 2: width})
        compare(ncnn, layer, numbered(shape))


@given(SHAPES, st.integers(1, 15), st.integers(1, 15))
def test_sizes_pick_the_elements_that_ncnn_picks(
    ncnn: Any, shape: tuple[int, ...], height: int, width: int
) -> None:
    compare(
        ncnn, Layer("Interp", "x", ("a",), ("b",), {0: 1, 3: height, 4: width}), numbered(shape)
    )


@given(st.integers(1, 9), st.integers(1, 9))
def test_a_reference_gives_the_size_as_in_ncnn(ncnn: Any, height: int, width: int) -> None:
    layer = Layer("Interp", "x", ("a", "like"), ("b",), {0: 1, 5: 1})
    compare(ncnn, layer, numbered((3, 4, 5)), numbered((2, height, width)))


def test_lines_between_pixels_are_not_integers() -> None:
    layer = Layer("Interp", "x", ("a",), ("b",), {0: 2, 1: 2.0, 2: 2.0})
    with pytest.raises(GraphError, match="nearest"):
        nearest(values(layer), numbered((1, 2, 2)))

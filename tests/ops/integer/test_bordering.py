from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.errors import GraphError
from workbench.formats.weights import Weight
from workbench.graph import Layer
from workbench.ops import values
from workbench.ops.integer.bordering import pad, prepare_border

SHAPES = st.lists(st.integers(2, 5), min_size=1, max_size=3).map(tuple)
SIDES = st.integers(0, 1)


def numbered(shape: tuple[int, ...]) -> NDArray[Any]:
    return (np.arange(np.prod(shape)) % 255 - 127).astype(np.int8).reshape(shape)


def padding(params: dict[int, Any]) -> Layer:
    return Layer("Padding", "x", ("a",), ("b",), params)


@given(SHAPES, st.lists(SIDES, min_size=6, max_size=6), st.sampled_from([0, 1, 2]))
def test_borders_are_those_of_ncnn(
    ncnn: Any, shape: tuple[int, ...], sides: list[int], kind: int
) -> None:
    params = dict(zip((0, 1, 2, 3, 7, 8), sides, strict=True)) | {4: kind, 5: 7.0}
    x = numbered(shape)
    ours = pad(values(padding(params)), x, prepare_border(7.0, 1.0))
    assert ours.dtype == np.int8
    np.testing.assert_array_equal(ours, ncnn(padding(params), x)[0])


def test_each_channel_can_have_a_border_of_its_own(ncnn: Any) -> None:
    border = np.array([1, -2, 3, 4], np.float32)
    layer, x = padding({0: 1, 2: 2, 5: 9.0, 6: 4, 7: 1}), numbered((3, 2, 2))
    theirs = ncnn(layer, x, weights=(Weight.of("per_channel_pad", border),))
    np.testing.assert_array_equal(pad(values(layer), x, prepare_border(border, 1.0)), theirs[0])


def test_the_value_of_a_border_is_in_the_scale_of_the_blob() -> None:
    assert prepare_border(0.5, 20.0).tolist() == [10]
    assert prepare_border(100.0, 20.0).tolist() == [127]


def test_a_negative_border_is_refused() -> None:
    with pytest.raises(GraphError, match="is not known"):
        pad(values(padding({0: -1})), numbered((1, 3, 3)), prepare_border(0.0, 1.0))

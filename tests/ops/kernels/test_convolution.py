from __future__ import annotations

import numpy as np
import pytest

from workbench.graph import Layer
from workbench.ops import values
from workbench.ops.kernels import KERNELS, convolution
from workbench.ops.kernels.convolution import border, is_depthwise


def plain_sums(given, weight, x):
    """The definition, pixel by pixel."""
    above, below, left, right = border(given, x.shape[1:])
    value = int(np.int8(int(given.pad_value)))
    padded = np.pad(
        x.astype(np.int64), ((0, 0), (above, below), (left, right)), constant_values=value
    )
    group = given.get("group", 1)
    outputs, inputs, kh, kw = weight.shape
    reach_h, reach_w = given.dilation_h * (kh - 1) + 1, given.dilation_w * (kw - 1) + 1
    h = (padded.shape[1] - reach_h) // given.stride_h + 1
    w = (padded.shape[2] - reach_w) // given.stride_w + 1
    result = np.zeros((outputs, h, w), np.int64)
    for o in range(outputs):
        first = o // (outputs // group) * inputs
        for i, j in np.ndindex(h, w):
            y, z = i * given.stride_h, j * given.stride_w
            window = padded[
                first : first + inputs,
                y : y + reach_h : given.dilation_h,
                z : z + reach_w : given.dilation_w,
            ]
            result[o, i, j] = (window * weight[o]).sum()
    return result


CASES = [
    ({0: 4, 1: 1}, (4, 3, 1, 1)),
    ({0: 4, 1: 1, 3: 2}, (4, 3, 1, 1)),
    ({0: 4, 1: 3, 4: 1}, (4, 3, 3, 3)),
    ({0: 4, 1: 3, 3: 2, 4: 1, 18: 5.0}, (4, 3, 3, 3)),
    ({0: 4, 1: 3, 11: 2, 2: 2, 12: 3, 3: 3, 13: 2, 4: 1, 14: 2, 15: 3, 16: 0}, (4, 3, 2, 3)),
    ({0: 4, 1: 4, 3: 2, 4: -233}, (4, 3, 4, 4)),
    ({0: 4, 1: 4, 3: 2, 4: -234}, (4, 3, 4, 4)),
    ({0: 6, 1: 3, 4: 1, 7: 3}, (6, 2, 3, 3)),
    ({0: 6, 1: 3, 4: 1, 7: 6}, (6, 1, 3, 3)),
    ({0: 6, 1: 5, 3: 2, 4: 2, 7: 3}, (6, 1, 5, 5)),
]


@pytest.mark.parametrize("cached", [1, 300, 1 << 18])
@pytest.mark.parametrize(("params", "shape"), CASES, ids=str)
def test_sums_are_those_of_the_definition_however_they_are_cut(params, shape, cached, monkeypatch):
    monkeypatch.setattr(convolution, "_CACHED", cached)
    monkeypatch.setattr(convolution, "_LEAST_COLUMNS", 7)
    type = "ConvolutionDepthWise" if 7 in params else "Convolution"
    given = values(Layer(type, "x", ("a",), ("b",), {**params, 6: int(np.prod(shape))}))
    rng = np.random.default_rng(0)
    weight = rng.integers(-127, 128, shape).astype(np.int8)
    x = rng.integers(-127, 128, (shape[1] * params.get(7, 1), 9, 11)).astype(np.int8)
    found = KERNELS[type].sums(given, weight)(x)
    np.testing.assert_array_equal(found, plain_sums(given, weight, x))


def test_sums_too_large_for_float32_are_exact():
    given = values(Layer("Convolution", "x", ("a",), ("b",), {0: 1, 1: 1, 6: 4000}))
    weight = np.full((1, 4000, 1, 1), 127, np.int8)
    weight[0, 0] = 126
    x = np.full((4000, 1, 2), 127, np.int8)
    found = KERNELS["Convolution"].sums(given, weight)(x)
    assert found.ravel().tolist() == [127 * (127 * 3999 + 126)] * 2
    assert found[0, 0, 0] > 2**24


@pytest.mark.parametrize(
    ("outputs", "group", "weights", "depthwise"),
    [(4, 4, 36, True), (8, 4, 72, False), (4, 2, 72, False), (4, 4, 72, False)],
)
def test_depthwise_is_one_channel_in_and_one_out(outputs, group, weights, depthwise):
    params = {0: outputs, 1: 3, 6: weights, 7: group}
    given = values(Layer("ConvolutionDepthWise", "x", ("a",), ("b",), params))
    assert is_depthwise(given) == depthwise


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({1: 3, 4: 2}, (2, 2, 2, 2)),
        ({1: 3, 4: 1, 15: 2, 14: 3, 16: 4}, (3, 4, 1, 2)),
        ({1: 4, 4: -233}, (1, 2, 1, 2)),
        ({1: 4, 4: -234}, (2, 1, 2, 1)),
        ({1: 1, 3: 2, 4: -233}, (0, 0, 0, 0)),
        ({1: 3, 4: -233, 15: 0}, (0, 0, 0, 0)),
    ],
)
def test_the_border_is_that_of_ncnn(params, expected):
    given = values(Layer("Convolution", "x", ("a",), ("b",), {0: 1, 6: 9, **params}))
    assert border(given, (6, 8)) == expected

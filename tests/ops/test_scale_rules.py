from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.graph import Layer
from workbench.ops import OPS, shapes, values
from workbench.ops.integer.functions import function_of
from workbench.ops.integer.moving import concat, cut, shuffle
from workbench.ops.scale_rules import ScaleRule


def rule(type: str, params: dict[int, object] | None = None) -> ScaleRule | str:
    layer = Layer(type, "l", ("x",), ("y",), params or {})
    return OPS[type].scale_rule(values(layer))


def followed(layer: Layer, bottoms: list[tuple[int, ...]]) -> list[list[int]]:
    """Where each channel of each top comes from, counted through all bottoms, by the links."""
    given_values = values(layer)
    found = OPS[layer.type].scale_rule(given_values)
    assert isinstance(found, ScaleRule)
    tops = shapes(layer, bottoms)
    starts = np.cumsum([0, *[shape[0] for shape in bottoms]])
    origins = [np.full(shape[0], -1) for shape in tops]
    for link in found.links(given_values, bottoms, tops):
        origins[link.top][link.targets] = starts[link.bottom] + link.sources
    return [origin.tolist() for origin in origins]


def numbered(bottoms: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Blobs whose elements are the numbers of their channels, counted through all."""
    total = np.arange(sum(shape[0] for shape in bottoms))
    parts = np.split(total, np.cumsum([shape[0] for shape in bottoms])[:-1])
    return [
        np.broadcast_to(part.reshape(-1, *[1] * (len(shape) - 1)), shape)
        for part, shape in zip(parts, bottoms, strict=True)
    ]


@given(st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_shuffled_channels_are_followed_as_the_op_moves_them(group, rest, reverse):
    layer = Layer("ShuffleChannel", "l", ("x",), ("y",), {0: group, 1: int(reverse)})
    bottoms = [(group * rest, 2, 2)]
    moved = shuffle(values(layer), numbered(bottoms)[0])[:, 0, 0]
    assert followed(layer, bottoms) == [moved.tolist()]


def test_the_documents_channels():
    layer = Layer("ShuffleChannel", "l", ("x",), ("y",), {0: 2})
    assert followed(layer, [(8, 1, 1)]) == [[0, 4, 1, 5, 2, 6, 3, 7]]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_joined_channels_are_followed_as_the_op_moves_them(counts):
    bottoms = [(count, 2, 3) for count in counts]
    layer = Layer("Concat", "l", tuple(f"x{i}" for i in range(len(counts))), ("y",), {0: 0})
    moved = concat(values(layer), numbered(bottoms))[:, 0, 0]
    assert followed(layer, bottoms) == [moved.tolist()]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_cut_channels_are_followed_as_the_op_moves_them(counts):
    bottoms = [(sum(counts), 2, 3)]
    layer = Layer(
        "Slice", "l", ("x",), tuple(f"y{i}" for i in range(len(counts))), {0: tuple(counts)}
    )
    parts = cut(values(layer), numbered(bottoms)[0], len(counts))
    assert followed(layer, bottoms) == [part[:, 0, 0].tolist() for part in parts]


def test_blobs_joined_along_another_axis_keep_their_channels():
    layer = Layer("Concat", "l", ("a", "b"), ("y",), {0: 1})
    found = OPS["Concat"].scale_rule(values(layer))
    links = list(found.links(values(layer), [(3, 2, 2), (3, 4, 2)], [(3, 6, 2)]))
    assert [(link.bottom, link.targets.tolist()) for link in links] == [
        (0, [0, 1, 2]),
        (1, [0, 1, 2]),
    ]


@pytest.mark.parametrize(
    ("type", "params"),
    [
        *((name, {}) for name in ("Sigmoid", "TanH", "HardSigmoid", "HardSwish", "Swish")),
        *((name, {}) for name in ("Mish", "GELU", "ELU")),
        ("Clip", {0: -1.0, 1: 1.0}),
    ],
)
def test_beyond_the_range_a_bottom_needs_a_function_does_no_more_than_a_level(type, params):
    """A value that int8 clips changes the top by no more than 4 levels of 127, if at all."""
    found = rule(type, params)
    assert isinstance(found, ScaleRule)
    function = function_of(type, values(Layer(type, "l", ("x",), ("y",), params)))
    for top_scale in (found.gives,) if found.gives else (5.0, 20.0, 60.0):
        need = found.need(top_scale) if found.relation == "rescaled" else top_scale
        edge = 127 / need
        for beyond in (edge * 1.5, -edge * 1.5):
            x = np.array([np.clip(beyond, -edge, edge), beyond])
            inside, outside = (function(x) * top_scale).clip(-127, 127)
            assert abs(inside - outside) <= 4


@pytest.mark.parametrize(
    ("type", "params", "says"),
    [
        ("Softmax", {}, "Softmax computes in float"),
        ("Interp", {0: 2}, "only the nearest pixel can be taken in int8"),
        ("Interp", {0: 1, 5: 1}, "its size is that of another blob"),
        ("BinaryOp", {0: 3}, "BinaryOp div of two blobs computes in float"),
        ("BinaryOp", {0: 6, 1: 1, 2: 2.0}, "BinaryOp pow with a number computes in float"),
        ("UnaryOp", {0: 7}, "UnaryOp exp computes in float"),
        ("Padding", {0: -1}, "a border of negative width has no integer form"),
        ("Dropout", {0: -1.0}, "its scale is not positive"),
        ("Reshape", {0: 4, 6: "1,2"}, "its shape is an expression or has a batch"),
    ],
)
def test_what_has_no_rule_says_why(type, params, says):
    assert rule(type, params) == says


def test_a_mean_of_n_elements_reaches_sqrt_n_as_far():
    assert rule("Pooling", {0: 1, 1: 3}).reach == 3
    assert rule("Pooling", {0: 1, 4: 1}).reach == 4
    assert rule("Pooling", {0: 0, 1: 3}).relation == "equal"


def test_a_sum_with_a_number_reaches_so_much_farther():
    found = rule("BinaryOp", {0: 0, 1: 1, 2: -3.0})
    assert found.need(12.7) == pytest.approx(127 / 13)
    assert rule("BinaryOp", {0: 2, 1: 1, 2: -0.5}).need(10.0) == 5.0
    assert rule("BinaryOp", {0: 3, 1: 1, 2: 2.0}).need(10.0) == 5.0

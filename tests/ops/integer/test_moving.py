"""Elements go where ncnn's float layer puts them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.errors import GraphError
from workbench.graph import Layer
from workbench.ops import values
from workbench.ops.integer import moving

SHAPES = st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple)


def layer(
    type: str, params: dict[int, Any] | None = None, bottoms: int = 1, tops: int = 1
) -> Layer:
    names = tuple(f"b{i}" for i in range(bottoms)), tuple(f"t{i}" for i in range(tops))
    return Layer(type, "x", *names, params or {})


def numbered(shape: tuple[int, ...]) -> NDArray[Any]:
    """Int8 that are all different, as far as there are so many."""
    return (np.arange(np.prod(shape)) % 255 - 127).astype(np.int8).reshape(shape)


def same(ours: Any, theirs: Any) -> None:
    assert ours.dtype == np.int8
    np.testing.assert_array_equal(ours, theirs)


@given(st.data(), SHAPES, st.integers(1, 3))
def test_concat_joins_as_ncnn(
    ncnn: Any, data: st.DataObject, shape: tuple[int, ...], count: int
) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    bottoms = []
    for i in range(count):
        lengths = list(shape)
        lengths[axis] = data.draw(st.integers(1, 4))
        bottoms.append(np.roll(numbered(tuple(lengths)), i))
    concat = layer("Concat", {0: axis}, bottoms=count)
    same(moving.concat(values(concat), bottoms), ncnn(concat, *bottoms)[0])


@given(st.data(), SHAPES)
def test_slice_cuts_by_lengths_as_ncnn(
    ncnn: Any, data: st.DataObject, shape: tuple[int, ...]
) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    # where lengths leave something over, ncnn takes rows of the last axis for shorter ones
    ends = data.draw(st.sets(st.integers(1, shape[axis]))) | {shape[axis]}
    lengths = [b - a for a, b in pairwise([0, *sorted(ends)])]
    # a last length of -233 takes the rest
    lengths = [*lengths[:-1], data.draw(st.sampled_from([lengths[-1], -233]))]
    check_cut(ncnn, layer("Slice", {0: tuple(lengths), 1: axis}, tops=len(lengths)), shape)


@given(st.data(), SHAPES)
def test_slice_cuts_by_ends_as_ncnn(ncnn: Any, data: st.DataObject, shape: tuple[int, ...]) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    length = shape[axis]
    ends = sorted(data.draw(st.sets(st.integers(1, max(1, length - 1)), max_size=3)))
    ends = [end for end in ends if end < length]
    if ends:
        ends = [end - length if data.draw(st.booleans()) else end for end in ends]
        check_cut(ncnn, layer("Slice", {1: axis, 2: tuple(ends)}, tops=len(ends) + 1), shape)


def check_cut(ncnn: Any, cut: Layer, shape: tuple[int, ...]) -> None:
    x = numbered(shape)
    ours = moving.cut(values(cut), x, len(cut.tops))
    for mine, theirs in zip(ours, ncnn(cut, x), strict=True):
        same(mine, theirs)


def test_slice_shares_equally_what_is_left() -> None:
    equal = layer("Slice", {0: (2, -233, -233), 1: 0}, tops=3)
    parts = moving.cut(values(equal), numbered((9,)), 3)
    assert [part.size for part in parts] == [2, 3, 4]


@pytest.mark.parametrize(
    ("shape", "order"),
    [
        *(((7,), order) for order in range(2)),
        *(((3, 4), order) for order in range(2)),
        *(((2, 3, 4), order) for order in range(6)),
        *(((2, 3, 4, 5), order) for order in range(24)),
    ],
)
def test_permute_exchanges_axes_as_ncnn(ncnn: Any, shape: tuple[int, ...], order: int) -> None:
    permute = layer("Permute", {0: order})
    same(moving.permute(values(permute), numbered(shape)), ncnn(permute, numbered(shape))[0])


def test_an_order_for_more_axes_is_refused() -> None:
    with pytest.raises(GraphError, match="order_type 6"):
        moving.permute(values(layer("Permute", {0: 6})), numbered((2, 3, 4)))


@pytest.mark.parametrize(
    ("shape", "params"),
    [
        ((2, 3, 4), {0: 24}),
        ((2, 3, 4), {0: -1}),
        ((2, 3, 4), {0: 0, 1: -1}),
        ((2, 3, 4), {0: 6, 1: -1}),
        ((2, 3, 4), {0: -1, 1: 2, 2: 3}),
        ((2, 3, 4), {0: 2, 1: 0, 2: -1}),
        ((24,), {0: 4, 1: 2, 2: 3}),
        ((6, 4), {0: 2, 1: 2, 2: -1}),
        ((2, 3, 4), {0: 2, 1: 2, 11: 3, 2: 2}),
        ((2, 3, 2, 2), {0: 0, 1: 6, 2: 0}),
        ((2, 2, 2), {0: -1, 2: 2}),
        ((2, 2, 2), {0: 4, 1: 2, 11: 1}),
    ],
)
def test_reshape_lays_elements_as_ncnn(
    ncnn: Any, shape: tuple[int, ...], params: dict[int, Any]
) -> None:
    reshape = layer("Reshape", params)
    same(moving.reshape(values(reshape), numbered(shape)), ncnn(reshape, numbered(shape))[0])


def test_a_shape_that_does_not_fit_is_refused() -> None:
    with pytest.raises(GraphError, match="which is not"):
        moving.reshape(values(layer("Reshape", {0: 5})), numbered((2, 3)))


@given(SHAPES)
def test_flatten_is_ncnns(ncnn: Any, shape: tuple[int, ...]) -> None:
    same(moving.flatten(numbered(shape)), ncnn(layer("Flatten"), numbered(shape))[0])


@given(st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_shuffle_channel_deals_as_ncnn(ncnn: Any, groups: int, size: int, reverse: bool) -> None:
    shuffle = layer("ShuffleChannel", {0: groups, 1: int(reverse)})
    x = numbered((groups * size, 2, 3))
    same(moving.shuffle(values(shuffle), x), ncnn(shuffle, x)[0])


def test_the_documents_eight_channels() -> None:
    # concat, shuffle by 2, slice: where the channels of conv0 and conv1 come out
    channels = np.arange(8, dtype=np.int8).reshape(8, 1, 1)
    shuffled = moving.shuffle(values(layer("ShuffleChannel", {0: 2})), channels)
    assert shuffled.ravel().tolist() == [0, 4, 1, 5, 2, 6, 3, 7]
    halves = moving.cut(values(layer("Slice", {0: (-233, -233)}, tops=2)), shuffled, 2)
    assert [half.ravel().tolist() for half in halves] == [[0, 4, 1, 5], [2, 6, 3, 7]]


def test_channels_that_do_not_divide_are_refused() -> None:
    with pytest.raises(GraphError, match="no multiple of 3"):
        moving.shuffle(values(layer("ShuffleChannel", {0: 3})), numbered((4, 1, 1)))


OFFSET = {"w": 0, "h": 1, "c": 2}
SIZE = {"w": 3, "h": 4, "c": 5}
BEHIND = {"w": 6, "h": 7, "c": 8}


@given(st.data(), SHAPES)
def test_crop_takes_the_part_that_ncnn_takes(
    ncnn: Any, data: st.DataObject, shape: tuple[int, ...]
) -> None:
    params = {}
    for axis, length in zip("chw"[-len(shape) :], shape, strict=True):
        params[OFFSET[axis]] = data.draw(st.integers(0, length - 1))
        left = length - params[OFFSET[axis]]
        params[BEHIND[axis]] = data.draw(st.integers(0, left - 1))
        params[SIZE[axis]] = data.draw(st.sampled_from([-233, 1, left, left + 1]))
    crop = layer("Crop", params)
    same(moving.crop(values(crop), numbered(shape)), ncnn(crop, numbered(shape))[0])


@given(st.data(), SHAPES)
def test_crop_from_starts_to_ends_is_ncnns(
    ncnn: Any, data: st.DataObject, shape: tuple[int, ...]
) -> None:
    axes = data.draw(st.permutations(range(len(shape))))[: data.draw(st.integers(1, len(shape)))]
    starts, ends = [], []
    for axis in axes:
        start = data.draw(st.integers(0, shape[axis] - 1))
        end = data.draw(st.integers(start + 1, shape[axis]))
        starts.append(start - shape[axis] if data.draw(st.booleans()) else start)
        ends.append(data.draw(st.sampled_from([end, end - shape[axis] or -233, -233])))
    named = tuple(data.draw(st.sampled_from([axis, axis - len(shape)])) for axis in axes)
    crop = layer("Crop", {9: tuple(starts), 10: tuple(ends), 11: named})
    same(moving.crop(values(crop), numbered(shape)), ncnn(crop, numbered(shape))[0])


@pytest.mark.parametrize("reference", [(2, 2, 3), (2, 3)])
def test_crop_takes_as_much_as_its_reference_as_ncnn(ncnn: Any, reference: tuple[int, ...]) -> None:
    crop = layer("Crop", {0: 1, 1: 2, 2: 1 if len(reference) == 3 else 0}, bottoms=2)
    x, like = numbered((4, 5, 6)), numbered(reference)
    same(moving.crop(values(crop), x, like), ncnn(crop, x, like)[0])


def test_a_part_beyond_the_blob_is_refused() -> None:
    with pytest.raises(GraphError, match="does not lie within"):
        moving.crop(values(layer("Crop", {0: 5, 3: 2})), numbered((4,)))

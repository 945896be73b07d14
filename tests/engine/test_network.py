from __future__ import annotations

import numpy as np
import pytest

from workbench.engine import Network
from workbench.errors import EngineError, InputError


def test_every_blob_can_be_fetched_in_any_order(model, arrays):
    blobs = list(model.graph.blobs)[::-1]
    fetched = Network(model).run({"data": arrays[0]}, blobs)
    assert set(fetched) == set(blobs)
    assert all(array.dtype == np.float32 for array in fetched.values())
    assert fetched["conv1"].shape == (4, 8, 8)
    assert fetched["prob"].shape == (5,)


def test_the_input_comes_back_as_it_was_given(model, arrays):
    assert np.array_equal(Network(model).run({"data": arrays[0]}, ["data"])["data"], arrays[0])


def test_blobs_after_a_split_are_the_same_data(model, arrays):
    fetched = Network(model).run({"data": arrays[0]}, ["conv1", "left", "right"])
    assert np.array_equal(fetched["left"], fetched["conv1"])
    assert np.array_equal(fetched["right"], fetched["conv1"])


def test_arrays_with_strides_or_other_types_are_taken(model, arrays):
    network = Network(model)
    expected = network.run({"data": arrays[0]}, ["prob"])["prob"]
    flipped = np.asfortranarray(arrays[0].astype(np.float64))
    assert np.array_equal(network.run({"data": flipped}, ["prob"])["prob"], expected)


def test_fetched_arrays_outlive_the_network(model, arrays):
    network = Network(model)
    first = network.run({"data": arrays[0]}, ["conv1"])["conv1"]
    kept = first.copy()
    network.run({"data": arrays[1]}, ["conv1"])
    del network
    assert np.array_equal(first, kept)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "input blob data: no array was given"),
        ({"data": np.zeros((3, 8, 8)), "more": np.zeros(1)}, "input blob more: the network has no"),
        ({"data": np.zeros(())}, "cannot be a blob"),
        ({"data": np.zeros((1, 1, 3, 8, 8))}, "cannot be a blob"),
        ({"data": np.full((3, 8, 8), np.nan)}, "NaN"),
    ],
)
def test_a_wrong_input_is_named(model, inputs, message):
    with pytest.raises(InputError, match=message):
        Network(model).run(inputs, ["prob"])


def test_an_unknown_blob_or_option_is_named(model, arrays):
    with pytest.raises(EngineError, match="blob nowhere"):
        Network(model).run({"data": arrays[0]}, ["nowhere"])
    with pytest.raises(EngineError, match="option use_magic"):
        Network(model, use_magic=True)

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine import Network, pixels_to_blob, try_out
from workbench.errors import EngineError, InputError
from workbench.formats.param import parse_param
from workbench.model import Model


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


def test_pixels_are_reordered_and_normalised():
    rgb = np.zeros((4, 6, 3), np.uint8)
    rgb[...] = (10, 20, 30)
    blob = pixels_to_blob(rgb, (6, 4), "BGR", (1, 2, 3), (2, 2, 2))
    assert blob.shape == (3, 4, 6)
    assert [float(plane[0, 0]) for plane in blob] == [58.0, 36.0, 14.0]
    assert float(pixels_to_blob(rgb, (6, 4), "RGB", (), ())[0, 0, 0]) == 10.0
    assert pixels_to_blob(rgb, (3, 2), "GRAY", (), ()).shape == (1, 2, 3)


# --- the trial run ---


def test_a_sound_network_survives_its_trial(model, constant_input):
    try_out(model, {"data": (3, 8, 8)})


def test_a_network_is_tried_only_once_for_each_shape(model, monkeypatch):
    calls = []
    run_child = engine._run_child
    monkeypatch.setattr(engine, "_run_child", lambda folder: calls.append(1) or run_child(folder))
    engine._survived.cache_clear()
    try_out(model, {"data": (3, 8, 8)})
    try_out(model, {"data": (3, 8, 8)})
    assert len(calls) == 1
    try_out(model, {"data": (3, 9, 9)})
    assert len(calls) == 2


def test_a_network_that_crashes_ncnn_is_refused_and_the_process_lives(model_with):
    model = model_with()
    with pytest.raises(EngineError, match="trial run"):
        try_out(model, {"data": (200, 1, 1)})  # 200 channels, where the weights hold 3


def test_a_network_of_an_unknown_layer_is_refused():
    text = "7767517\n2 2\nInput data 0 1 data\nMystery m 1 1 data out\n"
    with pytest.raises(EngineError, match=r"Mystery|could not run"):
        try_out(Model(parse_param(text), {}), {"data": (1, 4, 4)})


def test_a_network_that_wants_unbounded_memory_is_refused():
    text = (
        "7767517\n2 2\nInput data 0 1 data\n"
        "Padding pad 1 1 data out 0=60000 1=60000 2=60000 3=60000\n"
    )
    with pytest.raises(EngineError, match="trial run"):
        try_out(Model(parse_param(text), {}), {"data": (1, 4, 4)})


def test_a_network_that_does_not_end_is_refused(model, monkeypatch):
    engine._survived.cache_clear()
    monkeypatch.setattr(engine, "TRIAL_SECONDS", 0.01)
    with pytest.raises(EngineError, match="did not finish"):
        try_out(model, {"data": (3, 8, 8)})

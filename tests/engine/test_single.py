from __future__ import annotations

import numpy as np
import pytest

from workbench.engine import Network, SingleLayer
from workbench.errors import EngineError
from workbench.graph import Layer


def test_a_layer_alone_computes_what_it_does_in_the_network(model, arrays):
    blobs = Network(model, use_packing_layout=False).run({"data": arrays[0]}, model.graph.blobs)
    for layer in model.graph.layers:
        if layer.type != "Input":
            single = SingleLayer(layer, model.weights.get(layer.name, ()))
            for top, found in zip(layer.tops, single.run(blobs), strict=True):
                assert np.array_equal(found, blobs[top]), layer


def test_a_layer_may_read_one_blob_twice():
    layer = Layer("BinaryOp", "twice", ("x", "x"), ("y",), {0: 0})
    x = np.arange(4, dtype=np.float32)
    (y,) = SingleLayer(layer).run({"x": x})
    assert y.tolist() == [0, 2, 4, 6]
    assert x.tolist() == [0, 1, 2, 3]


def test_a_constant_needs_no_bottom(model):
    from workbench.formats.weights import Weight

    layer = Layer("MemoryData", "constant", (), ("c",), {0: 3})
    (top,) = SingleLayer(layer, (Weight.of("data", np.array([1, 2, 3], np.float32)),)).run({})
    assert top.tolist() == [1, 2, 3]


def test_int8_goes_in_and_out():
    layer = Layer("Split", "s", ("x",), ("a", "b"))
    x = np.arange(-4, 8, dtype=np.int8).reshape(3, 2, 2)
    for top in SingleLayer(layer).run({"x": x}):
        assert top.dtype == np.int8
        assert np.array_equal(top, x)


def test_an_in_place_layer_leaves_its_bottom_alone():
    x = np.array([-1, 1], np.float32)
    assert SingleLayer(Layer("ReLU", "r", ("x",), ("y",))).run({"x": x})[0].tolist() == [0, 1]
    assert x.tolist() == [-1, 1]


def test_what_ncnn_does_not_know_is_refused():
    with pytest.raises(EngineError, match="refused"):
        SingleLayer(Layer("Mystery", "m", ("x",), ("y",)))


def test_an_unknown_option_is_refused():
    with pytest.raises(EngineError, match="use_magic"):
        SingleLayer(Layer("ReLU", "r", ("x",), ("y",)), (), 1, use_magic=True)

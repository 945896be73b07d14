"""Every blob of the simulated sample networks equals what ncnn computes from the int8 network."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import Model, Plan, calibrate, collect, sample, samples
from workbench.engine import Network
from workbench.graph import Graph
from workbench.simulation.quantized import quantized_layers
from workbench.simulation.simulator import Simulator


def int8_network(model: Model, plan: Plan, fuse: bool) -> Model:
    quantized = quantized_layers(model, plan, fuse)
    layers = (
        quantized[layer.name].int8_layer if layer.name in quantized else layer
        for layer in model.graph.layers
    )
    weights = {name: layer.int8_weights for name, layer in quantized.items()}
    return Model(Graph(tuple(layers)), {**model.weights, **weights})


@pytest.fixture(scope="module", params=sorted(samples()))
def calibrated(request: pytest.FixtureRequest) -> tuple[Model, Plan, list[np.ndarray]]:
    found = sample(request.param)
    model, images = found.load(), found.images()
    plan = calibrate(model, collect(model, images[:16], progress=False), method="kl")
    return model, plan, list(images[16:20])


@pytest.mark.parametrize("scheme", ["float", "dequantize", "requantize"])
def test_every_blob_of_a_sample_network_equals_that_of_ncnn(calibrated, scheme):
    model, plan, images = calibrated
    network = model if scheme == "float" else int8_network(model, plan, scheme == "requantize")
    ncnn = Network(network, use_packing_layout=False)
    simulator = Simulator(model, plan, scheme)
    for image in images:
        theirs = ncnn.run_raw({"data": image}, model.graph.blobs)
        ours = simulator.run(image)
        assert list(ours.blobs) == list(model.graph.blobs)
        for blob, array in theirs.items():
            assert ours[blob].array.dtype == array.dtype, blob
            np.testing.assert_array_equal(ours[blob].array, array, err_msg=blob)


def test_convolutions_of_a_sample_network_hand_int8_on(calibrated):
    model, plan, images = calibrated
    blobs = Simulator(model, plan).run(images[0]).blobs.values()
    assert any(blob.array.dtype == np.int8 for blob in blobs)

"""Every blob of a simulated network equals what ncnn computes from the int8 network."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import Model, Plan, calibrate, collect, sample, samples
from workbench.engine import Network
from workbench.export.int8 import int8_model
from workbench.graph import Graph, Layer
from workbench.simulation.difference import first_difference
from workbench.simulation.simulator import Simulator


def without_fusion(network: Model) -> Model:
    """The int8 network whose layers all give float: no top scales, and no 100 in key 8."""
    layers = []
    weights = dict(network.weights)
    for layer in network.graph.layers:
        if layer.params.get(8, 0) > 100:
            params = {**layer.params, 8: layer.params[8] - 100}
            layer = Layer(layer.type, layer.name, layer.bottoms, layer.tops, params)
            weights[layer.name] = weights[layer.name][:-1]
        layers.append(layer)
    return Model(Graph(tuple(layers)), weights)


def network_of(model: Model, plan: Plan, scheme: str) -> Model:
    """The network that ncnn runs in a scheme."""
    if scheme == "float":
        return model
    fused = int8_model(model, plan)
    return fused if scheme == "requantize" else without_fusion(fused)


@pytest.fixture(scope="module", params=sorted(samples()))
def calibrated(request: pytest.FixtureRequest) -> tuple[Model, Plan, list[np.ndarray]]:
    found = sample(request.param)
    model, images = found.load(), found.images()
    plan = calibrate(model, collect(model, images[:16], progress=False), method="kl")
    return model, plan, list(images[16:20])


@pytest.mark.parametrize("scheme", ["float", "dequantize", "requantize"])
def test_every_blob_of_a_sample_network_equals_that_of_ncnn(calibrated, scheme):
    model, plan, images = calibrated
    ncnn = Network(network_of(model, plan, scheme), use_packing_layout=False)
    simulator = Simulator(model, plan, scheme)
    for image in images:
        ours = simulator.run(image)
        assert list(ours.blobs) == list(model.graph.blobs)
        assert not first_difference(ours, ncnn.run_raw({"data": image}, model.graph.blobs))


def test_layers_kept_in_float_equal_those_of_ncnn(calibrated):
    model, plan, images = calibrated
    for layer in model.quantizable[::2]:
        plan = plan.changed(layer.name, keep_float=True)
    ncnn = Network(int8_model(model, plan), use_packing_layout=False)
    ours = Simulator(model, plan).run(images[0])
    assert not first_difference(ours, ncnn.run_raw({"data": images[0]}, model.graph.blobs))


def test_convolutions_of_a_sample_network_hand_int8_on(calibrated):
    model, plan, images = calibrated
    blobs = Simulator(model, plan).run(images[0]).blobs.values()
    assert any(blob.array.dtype == np.int8 for blob in blobs)


def test_a_run_with_packing_is_told_apart(calibrated):
    model, plan, images = calibrated
    ncnn = Network(int8_model(model, plan))
    ours = Simulator(model, plan)
    found = [
        first_difference(ours.run(image), ncnn.run_raw({"data": image}, model.graph.blobs))
        for image in images
    ]
    if any("depthwise" in layer.type.lower() for layer in model.graph.layers):
        assert any(found)
    for difference in filter(None, found):
        assert difference.ulps == 1 or "packing" in difference.reason

from __future__ import annotations

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import Plan, calibrate
from workbench.export.int8 import int8_model
from workbench.graph import Layer
from workbench.simulation.blob import Blob
from workbench.simulation.quantized import QuantizedLayer
from workbench.simulation.simulator import simulate
from workbench.simulation.steps import InInt8, InNcnn, Moved


@pytest.fixture
def plan(model, arrays) -> Plan:
    return calibrate(model, collect(model, arrays, progress=False))


def test_the_tops_of_a_split_are_its_bottom():
    blob = Blob(np.array([1, 2], np.int8), 3.0, "int8 kernel")
    tops = Moved(Layer("Split", "s", ("x",), ("a", "b"))).run({"x": blob})
    assert len(tops) == 2
    assert all(top.array is blob.array and top.scale == 3 for top in tops)


def test_a_layer_is_loaded_when_it_first_runs():
    step = InNcnn(Layer("Mystery", "m", ("x",), ("y",)), (), b"")
    with pytest.raises(Exception, match="refused"):
        step.run({"x": Blob(np.zeros(3, np.float32), None, "input")})


@pytest.mark.parametrize("x", [np.zeros((1, 2, 2), np.float32), np.zeros((1, 2, 2), np.int8)])
def test_an_int8_layer_takes_float_and_int8(x):
    layer = Layer("Convolution", "c", ("x",), ("y",), {0: 2, 1: 1, 5: 1, 6: 2})
    bias = np.array([1.5, -2], np.float32)
    one = np.float32(1)
    step = InInt8(QuantizedLayer(layer, np.ones((2, 1, 1, 1), np.int8), bias, bias + 4, one))
    (top,) = step.run({"x": Blob(x, None if x.dtype == np.float32 else 1.0, "input")})
    assert np.array_equal(top.array, np.broadcast_to(bias[:, None, None], (2, 2, 2)))


def test_a_network_that_is_int8_already_runs_as_it_is(model, plan, arrays):
    int8 = int8_model(model, plan)
    ours, theirs = (
        simulate(model, plan, arrays[0]),
        simulate(int8, Plan((), int8.sha256), arrays[0]),
    )
    for name, blob in ours.blobs.items():
        assert blob.equals(theirs[name]), name
    assert theirs["conv1"].source == "ncnn int8"

from __future__ import annotations

import pytest

from tests.widgets.synthetic import synthetic_statistics
from workbench.calibration.plan import calibrate
from workbench.simulation.forms import forms
from workbench.simulation.simulator import Simulator


@pytest.fixture
def plan(model):
    return calibrate(model, synthetic_statistics(model))


def test_each_layer_has_the_form_that_ncnns_fusion_gives_it(model, plan):
    assert forms(model.graph, plan) == {
        "data": "passed",
        "conv1": "requantized",
        "split": "passed",
        "dw": "dequantized",
        "conv2": "dequantized",
        "concat": "float",
        "pool": "float",
        "fc": "dequantized",
        "prob": "float",
    }


def test_what_is_kept_in_float_changes_what_stands_before_it(model, plan):
    found = forms(model.graph, plan.changed("dw", keep_float=True))
    assert found["dw"] == "kept"
    assert found["conv1"] == "dequantized"


@pytest.mark.parametrize("kept", [(), ("dw",), ("conv1", "fc")])
def test_the_forms_are_what_the_simulator_computes(model, plan, arrays, kept):
    for layer in kept:
        plan = plan.changed(layer, keep_float=True)
    found, simulator = forms(model.graph, plan), Simulator(model, plan, "requantize")
    run = simulator.run(arrays[0])
    for layer in model.graph.layers:
        if found[layer.name] != "passed":
            assert simulator.in_int8(layer.name) == found[layer.name].endswith("quantized")
            gives_int8 = run[layer.tops[0]].scale is not None
            assert gives_int8 == (found[layer.name] == "requantized")

from __future__ import annotations

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import Plan, calibrate
from workbench.export.int8 import int8_model
from workbench.formats.table import format_table
from workbench.ops import check
from workbench.simulation.quantized import int8_decisions, quantized_layers, written_scales


@pytest.fixture
def plan(model, arrays) -> Plan:
    return calibrate(model, collect(model, arrays, progress=False))


def test_the_scales_are_those_of_a_written_table(plan):
    plan = plan.changed("fc", threshold=100.1)  # six decimals lose digits of scales below 8
    rows = dict(line.split(" ", 1) for line in format_table(plan.table).splitlines())
    for decision in plan:
        weights, bottom = written_scales(decision)
        text = rows[f"{decision.layer}_param_0"].split()
        assert weights.tolist() == [float(np.float32(float(word))) for word in text]
        assert bottom == np.float32(float(rows[decision.layer]))
    assert written_scales(plan["fc"])[1] != np.float32(plan["fc"].scale)


@pytest.mark.parametrize("fuse", [False, True])
def test_the_arrays_are_those_of_the_exported_network(model, plan, fuse):
    exported = int8_model(model, plan)
    for name, layer in quantized_layers(model, plan, fuse).items():
        check(layer.int8_layer)
        theirs = exported.weights[name]
        ours = {weight.name: weight for weight in layer.int8_weights}
        for weight in theirs:
            if weight.name in ours:
                assert bytes(weight.data) == bytes(ours[weight.name].data)
        assert ("top_int8_scales" in ours) == (fuse and name == "conv1")
        if fuse:
            assert len(theirs) == len(ours)
            assert exported.graph.by_name[name] == layer.int8_layer


def test_layers_kept_in_float_are_left_out(model, plan):
    plan = plan.changed("conv1", keep_float=True)
    assert list(int8_decisions(model, plan)) == ["dw", "conv2", "fc"]
    assert list(quantized_layers(model, plan, fuse=True)) == ["dw", "conv2", "fc"]


def test_the_keys_tell_layers_apart_that_compute_otherwise(model, plan):
    base = quantized_layers(model, plan, fuse=True)
    same = quantized_layers(model, plan, fuse=True)
    assert all(base[name].key == same[name].key for name in base)
    lower = plan.changed("dw", threshold=plan["dw"].threshold / 2)
    other = quantized_layers(model, lower, fuse=True)
    assert {n for n in base if base[n].key != other[n].key} == {"conv1", "dw"}
    apart = quantized_layers(model, plan, fuse=False)
    assert {n for n in base if base[n].key != apart[n].key} == {"conv1"}


def test_known_layers_are_taken_over(model, plan):
    known = quantized_layers(model, plan, fuse=True)
    lower = plan.changed("dw", threshold=plan["dw"].threshold / 2)
    again = quantized_layers(model, lower, fuse=True, known=known)
    assert {n for n in known if again[n] is known[n]} == {"conv2", "fc"}
    fresh = quantized_layers(model, lower, fuse=True)
    assert all(again[name].key == fresh[name].key for name in fresh)

from __future__ import annotations

from threading import Event

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import calibrate
from workbench.errors import InputError
from workbench.simulation.columns import sample_columns
from workbench.simulation.compare import compare
from workbench.simulation.equalize import equalize
from workbench.simulation.simulator import Simulator

QUIET = {"progress": False}


@pytest.fixture
def plan(model, arrays):
    return calibrate(model, collect(model, arrays, progress=False))


def test_every_layers_own_error_becomes_smaller_or_stays(model, plan, arrays):
    better = equalize(model, plan, arrays, **QUIET)
    before = compare(model, plan, arrays, "dequantize", **QUIET)
    after = compare(model, better, arrays, "dequantize", **QUIET)
    for layer in ("conv1", "dw", "conv2", "fc"):
        assert after[layer].alone.sqnr_db >= before[layer].alone.sqnr_db - 0.05
    assert after["conv1"].alone.sqnr_db > before["conv1"].alone.sqnr_db + 0.1


def test_a_bad_threshold_is_mended(model, plan, arrays):
    bad = plan.changed("fc", threshold=plan["fc"].threshold / 1.9)
    better = equalize(model, bad, arrays, **QUIET)
    assert better["fc"].threshold > 1.5 * bad["fc"].threshold
    assert better["fc"].method == "eq"


def test_branches_of_a_split_keep_one_scale(model, plan, arrays):
    better = equalize(model, plan, arrays, **QUIET)
    assert better["dw"].scale == better["conv2"].scale


def test_weights_of_six_bits_stay_in_six_bits(model, plan, arrays):
    better = equalize(model, plan, arrays, **QUIET)
    old, new = (np.array(p["conv1"].weight_scales) for p in (plan, better))
    assert plan["conv1"].bits == 6
    assert (new <= old).all()


def test_a_layer_kept_in_float_is_left_alone(model, plan, arrays):
    kept = plan.changed("dw", keep_float=True)
    assert equalize(model, kept, arrays, **QUIET)["dw"] == kept["dw"]


def test_the_same_seed_gives_the_same_scales(model, plan, arrays):
    assert equalize(model, plan, arrays, **QUIET) == equalize(model, plan, arrays, **QUIET)


def test_a_cancelled_search_keeps_the_scales_it_has(model, plan, arrays):
    cancelled = Event()
    cancelled.set()
    assert equalize(model, plan, arrays, cancelled=cancelled, **QUIET) == plan


def test_no_inputs_are_an_error(model, plan):
    with pytest.raises(InputError, match="no inputs"):
        equalize(model, plan, [], **QUIET)


def test_sampled_columns_times_weights_are_the_layers_outputs(model, plan, arrays):
    run = Simulator(model, plan, "float").run(arrays[0])
    for layer in model.quantizable:
        bottom, top = run[layer.bottoms[0]].real, run[layer.tops[0]].real
        seen = sample_columns(layer, bottom, top, 20, np.random.default_rng(0))
        groups = seen.inputs.shape[0]
        weight = model.weight(layer.name, "weight").reshape(groups, -1, seen.inputs.shape[1])
        outputs = (weight @ seen.inputs).reshape(seen.outputs.shape)
        if layer.name != "dw":
            outputs = outputs + model.weight(layer.name, "bias")[:, None]
        if layer.name in ("conv1", "dw"):
            outputs = np.maximum(outputs, 0)
        np.testing.assert_allclose(outputs, seen.outputs, rtol=1e-4, atol=1e-5)

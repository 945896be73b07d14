from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import calibrate, with_weight_bits
from workbench.errors import InputError
from workbench.graph import Graph, Layer
from workbench.model import Model
from workbench.numerics import metrics
from workbench.simulation.compare import Metrics, as_objects, compare
from workbench.simulation.simulator import Simulator


@pytest.fixture
def plan(model, arrays):
    return calibrate(model, collect(model, arrays, progress=False))


def test_every_layer_that_changes_data_has_a_row(model, plan, arrays):
    result = compare(model, plan, arrays, progress=False)
    assert [row.layer for row in result] == ["conv1", "dw", "conv2", "concat", "pool", "fc", "prob"]
    assert result.images == 6
    assert {row.layer for row in result if row.alone} == {"conv1", "dw", "conv2", "fc"}


def test_figures_are_means_over_the_images_of_the_final_blobs(model, plan, arrays):
    result = compare(model, plan, arrays, progress=False)
    pairs = [
        (Simulator(model, plan, "float").run(a)["fc"], Simulator(model, plan).run(a)["fc"])
        for a in arrays
    ]
    expected = np.mean([metrics.cosine(one.real, two.real) for one, two in pairs])
    assert result["fc"].accumulated.cosine == pytest.approx(expected, abs=1e-15)


def test_the_first_layer_errs_by_itself_alone(model, plan, arrays):
    row = compare(model, plan, arrays, progress=False)["conv1"]
    assert row.alone == row.accumulated


def test_without_int8_layers_only_half_precision_weights_differ(model, plan, arrays):
    for name in ("conv1", "dw", "conv2", "fc"):
        plan = plan.changed(name, keep_float=True)
    result = compare(model, plan, arrays[:2], progress=False)
    assert all(60 < row.accumulated.sqnr_db < np.inf for row in result)
    assert not any(row.alone for row in result)


def test_a_threshold_far_too_low_shows_as_clipping(model, plan, arrays):
    low = plan.changed("conv1", threshold=plan["conv1"].threshold / 20)
    causes = compare(model, low, arrays[:2], progress=False)["conv1"].causes
    assert causes.clipping > 100 * causes.activation_rounding


def test_a_threshold_far_too_high_shows_as_rounding(model, plan, arrays):
    high = plan.changed("conv1", threshold=plan["conv1"].threshold * 20)
    causes = compare(model, high, arrays[:2], progress=False)["conv1"].causes
    assert causes.clipping < 1e-9
    assert causes.activation_rounding > causes.weight_rounding


def test_coarse_weights_show_as_weight_rounding(model, plan, arrays):
    scales = tuple(scale / 16 for scale in plan["conv2"].weight_scales)
    coarse = plan.changed("conv2", weight_scales=scales)
    causes = compare(model, coarse, arrays[:2], progress=False)["conv2"].causes
    assert causes.weight_rounding > 10 * causes.activation_rounding


def test_where_int8_is_handed_on_the_output_is_rounded_too(model, plan, arrays):
    rows = compare(model, plan, arrays[:2], progress=False)
    assert rows["conv1"].causes.output_rounding > 1e-6
    assert rows["fc"].causes.output_rounding < 1e-12


def test_as_objects_is_plain_json_with_the_promised_keys(model, plan, arrays):
    text = json.dumps(as_objects(compare(model, plan, arrays, progress=False)), allow_nan=False)
    keys = {"layer", "type", "blob", "cosine", "angle_degrees", "mae", "mre", "mre_filtered"}
    assert all(keys | {"sqnr_db"} <= set(row) for row in json.loads(text))


def test_no_inputs_are_an_error(model, plan):
    with pytest.raises(InputError, match="no inputs"):
        compare(model, plan, [], progress=False)


def test_the_price_of_six_bits_is_told_for_a_3x3_stride_1_layer(model, plan, arrays):
    result = compare(model, plan, arrays[:2], progress=False)
    assert [row.layer for row in result if row.weight_bits] == ["conv1"]
    price = result["conv1"].weight_bits
    assert price.bits == 6
    assert price.sqnr_8_db > price.sqnr_6_db + 3
    assert price.eight_is_safe


def test_eight_bits_as_a_decision_give_what_was_promised(model, plan, arrays):
    price = compare(model, plan, arrays[:2], "dequantize", progress=False)["conv1"]
    assert price.alone.sqnr_db == pytest.approx(price.weight_bits.sqnr_6_db)
    eight = with_weight_bits(model, plan, "conv1", 8)
    row = compare(model, eight, arrays[:2], "dequantize", progress=False)["conv1"]
    assert row.alone.sqnr_db == pytest.approx(price.weight_bits.sqnr_8_db)
    assert row.weight_bits.bits == 8


def test_an_exact_image_does_not_hide_the_error_of_the_others():
    exact, wrong = (Metrics(1.0, 0.0, 0.0, 0.0, 0.0, sqnr) for sqnr in (np.inf, 6.0))
    mean = Metrics.mean([exact, wrong])
    assert mean.sqnr_db == pytest.approx(6 + 10 * np.log10(2))
    assert Metrics.mean([exact, exact]).sqnr_db == np.inf
    lost = replace(wrong, sqnr_db=-np.inf)
    assert Metrics.mean([exact, wrong, lost]).sqnr_db == mean.sqnr_db
    assert Metrics.mean([lost, lost]).sqnr_db == -np.inf


def test_a_layer_without_tops_has_no_row(model, plan, arrays):
    graph = Graph((*model.graph.layers, Layer("Noop", "end", (model.graph.outputs[0],), (), {})))
    longer = Model(graph, model.weights)
    result = compare(longer, replace(plan, model_sha256=longer.sha256), arrays[:1], progress=False)
    assert "end" not in {row.layer for row in result}

from __future__ import annotations

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import calibrate
from workbench.errors import CalibrationError, WorkbenchWarning
from workbench.numerics.thresholds import METHODS


@pytest.fixture
def stats(model, arrays):
    return collect(model, arrays, progress=False)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_each_layer_a_positive_finite_scale(model, stats, method):
    plan = calibrate(model, stats, method)
    assert [decision.layer for decision in plan] == ["conv1", "dw", "conv2", "fc"]
    for decision in plan:
        assert decision.method == method
        assert decision.threshold == METHODS[method](stats[decision.layer]).threshold
        assert decision.scale == np.float32(127 / decision.threshold)
        assert all(0 < scale < np.inf for scale in decision.weight_scales)


def test_branches_of_a_split_get_one_scale(model, stats):
    plan = calibrate(model, stats)
    assert plan["dw"].scale == plan["conv2"].scale


def test_weight_scales_are_per_output_channel_or_group(model, stats):
    plan = calibrate(model, stats)
    assert {d.layer: len(d.weight_scales) for d in plan} == {
        "conv1": 4,
        "dw": 4,
        "conv2": 4,
        "fc": 5,
    }
    absmax = np.abs(model.weight("conv2", "weight")).reshape(4, -1).max(axis=1)
    assert np.array_equal(plan["conv2"].weight_scales, np.float32(127) / absmax)


def test_a_dense_3x3_stride_1_convolution_has_6_bits_by_ncnns_rule(model, stats):
    plan = calibrate(model, stats)
    assert {d.layer: d.bits for d in plan} == {"conv1": 6, "dw": 8, "conv2": 8, "fc": 8}
    absmax = np.abs(model.weight("conv1", "weight")).reshape(4, -1).max(axis=1)
    assert np.array_equal(plan["conv1"].weight_scales, np.float32(31) / absmax)


def test_it_has_8_bits_where_they_are_proven_safe(model, stats):
    plan = calibrate(model, stats, weight_bits="proven")
    assert plan["conv1"].bits == 8
    absmax = np.abs(model.weight("conv1", "weight")).reshape(4, -1).max(axis=1)
    assert np.array_equal(plan["conv1"].weight_scales, np.float32(127) / absmax)


def test_aciq_clips_the_weights_too(model, stats):
    plain, clipped = calibrate(model, stats, "kl"), calibrate(model, stats, "aciq")
    assert plain["fc"].weight_scales != clipped["fc"].weight_scales


def test_a_dead_channel_gets_a_defined_scale_and_a_warning(model_with, arrays):
    def kill(layer, name, array):
        if (layer, name) == ("conv2", "weight"):
            array[[1, 3]] = 0
        return array

    model = model_with(kill)
    stats = collect(model, arrays, progress=False)
    with pytest.warns(WorkbenchWarning, match=r"layer conv2: .*output channel 1, 3 are zero"):
        plan = calibrate(model, stats)
    assert plan["conv2"].weight_scales[1] == 1.0


def test_a_blob_that_is_always_zero_gets_scale_1_and_a_warning(model):
    stats = collect(model, [np.zeros((3, 8, 8), np.float32)], progress=False)
    with pytest.warns(WorkbenchWarning, match="layer conv1: its input data was always zero"):
        plan = calibrate(model, stats)
    assert plan["conv1"].scale == 1.0
    assert "inf" not in str(plan.table)


def test_a_constant_blob_that_a_search_clips_gets_a_warning(model):
    constant = [np.full((3, 8, 8), 5, np.float32)] * 4
    stats = collect(model, constant, progress=False)
    with pytest.warns(WorkbenchWarning, match="layer conv1: its input data was always 0 or 5"):
        plan = calibrate(model, stats)
    assert 0 < plan["conv1"].threshold < 5
    assert calibrate(model, stats, "minmax")["conv1"].threshold == 5


def test_a_plan_is_changed_into_another_plan(model, stats):
    plan = calibrate(model, stats)
    other = plan.changed("dw", threshold=2.0, method="hand")
    assert plan["dw"].threshold != 2.0
    assert other["dw"].scale == 63.5
    assert other["fc"] is plan["fc"]
    with pytest.raises(CalibrationError, match="layer none"):
        plan.changed("none", threshold=1.0)


def test_wrong_words_are_answered_with_the_right_ones(model, stats):
    with pytest.raises(CalibrationError, match=r"'lk'.*Use one of: kl"):
        calibrate(model, stats, "lk")
    with pytest.raises(CalibrationError, match="Use ncnn or proven"):
        calibrate(model, stats, weight_bits="seven")


def test_statistics_of_another_network_are_refused(model_with, stats):
    other = model_with(lambda layer, name, array: array + 1)
    with pytest.raises(CalibrationError, match="another network"):
        calibrate(other, stats)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"threshold": -1.0}, "threshold is -1.0"),
        ({"threshold": np.inf}, "threshold is inf"),
        ({"threshold": np.nan}, "threshold is nan"),
        ({"threshold": "4"}, "threshold is '4'"),
        ({"threshold": 1e300}, "far too large"),
        ({"bits": 6}, "with_weight_bits"),
        ({"bits": 7, "weight_scales": (1.0,)}, "7 bits"),
        ({"weight_scales": (1.0, 0.0)}, "weight scale"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(model, stats, change, said):
    plan = calibrate(model, stats, weight_bits="proven")
    with pytest.raises(CalibrationError, match=f"layer fc: .*{said}"):
        plan.changed("fc", **change)

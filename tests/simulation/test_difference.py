from __future__ import annotations

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import calibrate
from workbench.simulation.difference import first_difference
from workbench.simulation.simulator import simulate


@pytest.fixture
def run(model, arrays):
    plan = calibrate(model, collect(model, arrays, progress=False))
    return simulate(model, plan, arrays[0])


@pytest.fixture
def theirs(run):
    return {name: blob.array.copy() for name, blob in run.blobs.items()}


def test_equal_runs_have_no_difference(run, theirs):
    assert first_difference(run, theirs) is None


def test_blobs_that_are_missing_are_passed_over(run, theirs):
    assert first_difference(run, {"fc": theirs["fc"]}) is None


def test_zeros_of_either_sign_and_nan_are_equal(run, theirs):
    for value, other in ((0.0, -0.0), (np.nan, np.nan)):
        run["prob"].array.setflags(write=True)
        run["prob"].array[2] = value
        theirs["prob"][2] = other
        assert first_difference(run, theirs) is None


def test_the_first_differing_element_is_named(run, theirs):
    theirs["prob"][0] += 1
    theirs["dw"][1, 2, 3] = np.nextafter(theirs["dw"][1, 2, 3], np.float32(9))
    theirs["dw"][3, 7, 7] += 1
    found = first_difference(run, theirs)
    assert (found.layer, found.blob, found.index) == ("dw", "dw", (1, 2, 3))
    assert (found.ulps, found.count) == (1, 2)
    assert found.ours == run["dw"].array[1, 2, 3]
    assert "layer dw: dw[1, 2, 3] is" in str(found)


@pytest.mark.parametrize(
    ("ours", "theirs_value", "ulps"),
    [(0.0, 2.0**-149, 1), (-(2.0**-149), 2.0**-149, 2), (1.0, 2.0, 1 << 23)],
)
def test_places_are_counted_across_zero(run, theirs, ours, theirs_value, ulps):
    run["prob"].array.setflags(write=True)
    run["prob"].array[0], theirs["prob"][0] = ours, theirs_value
    assert first_difference(run, theirs).ulps == ulps


def test_the_reason_of_a_last_place_is_rounding(run, theirs):
    theirs["dw"][0, 0, 0] = np.nextafter(theirs["dw"][0, 0, 0], np.float32(9))
    assert "fused" in first_difference(run, theirs).reason
    theirs["conv1"][0, 0, 0] += 1 if theirs["conv1"][0, 0, 0] < 127 else -1
    found = first_difference(run, theirs)
    assert (found.layer, found.ulps) == ("conv1", 1)
    assert "fused" in found.reason


def test_what_cancels_near_zero_is_still_rounding(run, theirs):
    theirs["dw"][0, 0, 0] += np.spacing(np.abs(run["dw"].array).max())
    run["dw"].array.setflags(write=True)
    run["dw"].array[0, 1, 1], theirs["dw"][0, 1, 1] = 0.0, 1e-9  # a ReLU between them
    found = first_difference(run, theirs)
    assert "fused" in found.reason
    theirs["dw"][0, 0, 0] = np.inf
    assert "weights or the scales" in first_difference(run, theirs).reason


def test_the_reason_of_a_large_difference_depends_on_the_layer(run, theirs):
    theirs["dw"] += 1
    assert "weights or the scales" in first_difference(run, theirs).reason
    theirs["conv1"] = 50 - theirs["conv1"] // 2
    assert "Winograd" in first_difference(run, theirs).reason


def test_the_reason_of_ncnns_own_layers_and_of_the_input(run, theirs):
    theirs["prob"][0] += 1
    assert "options" in first_difference(run, theirs).reason
    theirs["data"] += 1
    assert "inputs" in first_difference(run, theirs).reason


def test_a_blob_of_another_kind_differs_as_a_whole(run, theirs):
    theirs["conv1"] = theirs["conv1"].astype(np.float32)
    found = first_difference(run, theirs)
    assert (found.index, found.ours) == ((), "int8 of shape (4, 8, 8)")
    assert found.theirs == "float32 of shape (4, 8, 8)"
    assert "hand int8 on" in found.reason

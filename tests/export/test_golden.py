from __future__ import annotations

import json

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import calibrate
from workbench.export.golden import dump
from workbench.formats.param import parse_param
from workbench.model import Model
from workbench.simulation.simulator import simulate


@pytest.fixture
def plan(model, arrays):
    return calibrate(model, collect(model, arrays, progress=False))


def test_every_blob_of_every_image_is_there_as_the_simulator_has_it(tmp_path, model, plan, arrays):
    dump(model, plan, arrays[:2], tmp_path / "golden")
    manifest = json.loads((tmp_path / "golden" / "manifest.json").read_text())
    assert [entry["blob"] for entry in manifest] == [*model.graph.blobs] * 2
    for entry in manifest:
        blob = simulate(model, plan, arrays[entry["image"]])[entry["blob"]]
        array = np.load(tmp_path / "golden" / entry["file"])
        assert entry["file"].startswith(f"{entry['image']:04}/")
        assert array.dtype.name == entry["dtype"] == blob.array.dtype.name
        assert np.array_equal(array, blob.array)
        assert entry["scale"] == blob.scale
        assert model.graph.producers[entry["blob"]].name == entry["layer"]


def test_the_input_is_the_float_that_the_network_was_given(tmp_path, model, plan, arrays):
    dump(model, plan, arrays[:1], tmp_path)
    assert np.array_equal(np.load(tmp_path / "0000" / "data.npy"), arrays[0])


def test_int8_blobs_have_a_scale_and_float_blobs_have_none(tmp_path, model, plan, arrays):
    dump(model, plan, arrays[:1], tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert {entry["blob"] for entry in manifest if entry["dtype"] == "int8"} == {
        "conv1",
        "left",
        "right",
    }
    assert all((entry["scale"] is None) == (entry["dtype"] == "float32") for entry in manifest)


def test_blob_names_that_are_no_file_names_get_files_of_their_own(tmp_path):
    text = (
        "7767517\n4 4\nInput a 0 1 ../A/b\nReLU r1 1 1 ../A/b .._a_b\nReLU r2 1 1 .._a_b c:d\n"
        f"ReLU r3 1 1 c:d {'x' * 250}\n"
    )
    model = Model(parse_param(text), {})
    from workbench.calibration.plan import Plan

    dump(model, Plan((), model.sha256), [np.ones((1, 2, 2), np.float32)], tmp_path / "out", "float")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    files = [entry["file"] for entry in manifest]
    assert len({file.lower() for file in files}) == 4
    assert all((tmp_path / "out" / file).parent == tmp_path / "out" / "0000" for file in files)

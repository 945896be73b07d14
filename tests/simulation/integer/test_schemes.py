"""The integer schemes in all that takes a scheme: accuracy, comparison, golden vectors."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.simulation.integer.conftest import plan_of
from workbench.calibration.collect import collect
from workbench.calibration.inputs import ImageFolder
from workbench.calibration.plan import calibrate
from workbench.export.golden import dump
from workbench.samples import sample
from workbench.simulation.accuracy import accuracy
from workbench.simulation.compare import as_objects, compare

INTEGER = ("integer", "integer-shift", "int32-shift")


@pytest.mark.parametrize("name", ["mobilenet_v2", "shufflenet_v2"])
def test_full_int8_loses_at_most_half_a_point_of_accuracy(name):
    chosen = sample(name)
    model, names = chosen.load(), sorted(chosen.labels)
    plan = calibrate(model, collect(model, chosen.images(), progress=False))
    images = ImageFolder(chosen.heldout, **chosen.input)
    labels = [chosen.labels[name] for name in names]
    found = accuracy(model, plan, images, labels, "integer", progress=False)
    assert found.images == 360
    assert found.int8_top1 >= found.float_top1 - 0.005


@pytest.mark.parametrize("scheme", INTEGER)
def test_each_layer_is_compared_with_float_by_itself_too(model, arrays, scheme):
    # the document's rule clips the elements of a mean as if they were the mean
    least = 0.8 if scheme == "integer-shift" else 0.98
    rows = compare(model, plan_of(model, arrays), arrays[:2], scheme, progress=False)
    assert rows["conv2"].computed == "integers"
    assert rows["prob"].computed == "ncnn float"
    for layer in ("conv1", "conv2", "dw", "fc"):
        alone = rows[layer].alone
        assert alone is not None
        assert alone.cosine > least
        assert rows[layer].causes is not None
    json.dumps(as_objects(rows), allow_nan=False)


def test_golden_vectors_have_a_scale_for_each_channel(tmp_path):
    chosen = sample("shufflenet_v2")
    network, images = chosen.load(), chosen.images()[:2]
    dump(network, plan_of(network, list(images), "kl"), images[:1], tmp_path, "integer")
    manifest = {
        entry["blob"]: entry for entry in json.loads((tmp_path / "manifest.json").read_text())
    }
    scales = manifest["concat1"]["scale"]
    array = np.load(tmp_path / manifest["concat1"]["file"])
    assert array.dtype == np.int8
    assert len(scales) == array.shape[0]
    assert isinstance(manifest["stem"]["scale"], float)
    assert manifest["prob"]["scale"] is None

"""The plan's files hold all that the network computes with: they are run here, in NumPy alone."""

from __future__ import annotations

import json

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import calibrate
from workbench.errors import CalibrationError
from workbench.export.golden import dump
from workbench.export.integer_plan import export_integer_plan
from workbench.samples import sample
from workbench.simulation.simulator import Simulator


@pytest.fixture
def plan(model, arrays):
    return calibrate(model, collect(model, arrays, progress=False))


def read(folder):
    """The plan with the arrays in place of their files."""
    plan = json.loads((folder / "plan.json").read_text())
    for op in plan["operations"]:
        op["arrays"] = {name: np.load(folder / file) for name, file in op["arrays"].items()}
    return plan


def multiplied(op, x):
    """By the plan's docstring, "one rounding"; x has its channels first."""
    m, s = (op["arrays"][name].astype(object) for name in ("multiplier", "shift"))
    shape = (-1, *[1] * (x.ndim - 1))
    m, s = np.broadcast_to(m, x.shape[:1]).reshape(shape), np.broadcast_to(s, x.shape[:1])
    s = s.reshape(shape)
    levels = (x.astype(object) * m + 2 ** (30 + s)) >> (31 + s)
    return levels


def finished(op, sums):
    bias = op["arrays"].get("bias", np.zeros(1, np.int32)).astype(np.int64)
    levels = multiplied(op, sums + bias.reshape(-1, *[1] * (sums.ndim - 1)))
    low, high = (op["arrays"][name].astype(int)[0] for name in ("low", "high"))
    return np.clip(levels, low, high).astype(np.int8)


def convolved(op, x):
    n = op["numbers"]
    weight = op["arrays"]["weight"].astype(np.int64)
    per_group, outputs = n["in_channels"] // n["groups"], n["out_channels"] // n["groups"]
    sums = np.zeros((n["out_channels"], n["out_h"], n["out_w"]), np.int64)
    padded = np.full((n["in_channels"], n["in_h"] + 32, n["in_w"] + 32), n["pad_level"], np.int64)
    padded[:, 16 : 16 + n["in_h"], 16 : 16 + n["in_w"]] = x
    for o, row, col in np.ndindex(*sums.shape):
        first = o // outputs * per_group
        y, z = 16 + row * n["stride_h"] - n["pad_top"], 16 + col * n["stride_w"] - n["pad_left"]
        window = padded[
            first : first + per_group,
            y : y + n["kernel_h"] * n["dilation_h"] : n["dilation_h"],
            z : z + n["kernel_w"] * n["dilation_w"] : n["dilation_w"],
        ]
        sums[o, row, col] = (window.ravel() * weight[o]).sum()
    return finished(op, sums)


def mean(op, x):
    n, a = op["numbers"], op["arrays"]
    x = x.reshape(n["channels"], n["in_h"], n["in_w"]).astype(np.int64)
    sums = x[:, a["row_start"][0] : a["row_end"][0], a["col_start"][0] : a["col_end"][0]]
    units = sums.sum((1, 2)) * (4096 if "multiplier" in a else 1)
    means = np.sign(units) * ((2 * abs(units) + a["area"][0]) // (2 * a["area"][0]))
    return np.clip(multiplied(op, means) if "multiplier" in a else means, -127, 127).astype(np.int8)


def run(plan, blobs):
    """Every blob, from the int8 inputs, for the kinds of the small network."""
    shapes = {blob["name"]: (blob["shape"], blob["dtype"]) for blob in plan["blobs"]}
    for op in plan["operations"]:
        x, n, top = blobs[op["bottoms"][0]], op["numbers"], op["top"]
        match op["kind"]:
            case "convolution":
                made = convolved(op, x)
            case "same":
                made = x
            case "copy":
                made = blobs.get(top, np.zeros(shapes[top][0], np.int8)).ravel().copy()
                for b in range(n["blocks"]):
                    to, start = n["to_start"] + b * n["to_step"], n["from_start"]
                    start += b * n["from_step"]
                    made[to : to + n["length"]] = x.ravel()[start : start + n["length"]]
            case "mean_pool":
                made = mean(op, x)
            case "inner_product_sums":
                weight = op["arrays"]["weight"].astype(np.int64)
                made = weight @ x.ravel() + op["arrays"]["bias"]
            case kind:
                raise AssertionError(kind)
        shape, dtype = shapes[top]
        blobs[top] = made.reshape(shape).astype(dtype)
    return blobs


def test_the_files_alone_compute_every_integer_blob(tmp_path, model, plan, arrays):
    export_integer_plan(model, plan, tmp_path)
    written = read(tmp_path)
    assert written["rounding"] == "one rounding"
    (entrance,) = written["inputs"]
    simulated = Simulator(model, plan, "integer").run(arrays[0])
    real = np.float32(arrays[0]) * np.float32(entrance["scale"])
    level = np.copysign(np.floor(abs(real) + 0.5), real).clip(-127, 127).astype(np.int8)
    found = run(written, {entrance["name"]: level})
    integer = [name for name, blob in simulated.blobs.items() if blob.scale is not None]
    assert integer == ["conv1", "left", "right", "dw", "conv2", "concat", "pool"]
    assert all(np.array_equal(found[name], simulated[name].array) for name in integer)
    scale = next(blob["scale"] for blob in written["blobs"] if blob["name"] == "fc")
    assert np.array_equal((found["fc"] / scale).astype(np.float32), simulated["fc"].array)
    assert [one["layer"] for one in written["left_out"] if one["behind"]] == ["prob"]


def test_blobs_have_the_scales_of_the_simulator(tmp_path, model, plan, arrays):
    export_integer_plan(model, plan, tmp_path)
    scales = {blob["name"]: blob["scale"] for blob in read(tmp_path)["blobs"]}
    for name, blob in Simulator(model, plan, "integer").run(arrays[0]).blobs.items():
        if blob.scale is not None:
            assert np.array_equal(np.float32(scales[name]), np.float32(blob.scale))


def test_a_scheme_that_shifts_writes_its_small_multipliers(tmp_path, model, plan):
    export_integer_plan(model, plan, tmp_path, "integer-shift")
    written = read(tmp_path)
    assert written["rounding"] == "floor"
    entrance = written["inputs"][0]
    assert entrance["e"] / 2 ** entrance["f"] == pytest.approx(entrance["scale"], rel=0.01)
    factors = [op["arrays"]["multiplier"] for op in written["operations"] if "low" in op["arrays"]]
    assert factors
    assert all(0 <= factor.min() <= factor.max() <= 512 for factor in factors)


def test_a_new_plan_replaces_the_old_one_and_its_arrays(tmp_path, model, plan):
    export_integer_plan(model, plan, tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    export_integer_plan(model, plan, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == before
    export_integer_plan(model, plan, tmp_path, "integer-shift")
    after = {path.name for path in tmp_path.iterdir()}
    assert len(after) == len(before) == 2
    assert after != before


def test_what_is_refused_leaves_the_old_plan(tmp_path, model, plan):
    export_integer_plan(model, plan, tmp_path)
    before = (tmp_path / "plan.json").read_text()
    with pytest.raises(CalibrationError, match="int32-shift"):
        export_integer_plan(model, plan, tmp_path, "int32-shift")
    assert (tmp_path / "plan.json").read_text() == before


def test_golden_vectors_of_an_integer_scheme_have_the_scales_of_channels(tmp_path):
    one = sample("shufflenet_v2")
    model, images = one.load(), one.images()[:3]
    plan = calibrate(model, collect(model, images, progress=False), method="minmax")
    dump(model, plan, images[:1], tmp_path, "integer")
    blobs = Simulator(model, plan, "integer").run(images[0]).blobs
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert any(isinstance(entry["scale"], list) for entry in manifest)
    for entry in manifest:
        blob = blobs[entry["blob"]]
        assert np.array_equal(np.load(tmp_path / entry["file"]), blob.array)
        assert entry["dtype"] == blob.array.dtype.name
        if blob.scale is not None:
            assert np.array_equal(np.float32(entry["scale"]), np.float32(blob.scale))

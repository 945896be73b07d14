"""ncnn itself loads and runs the exported int8 networks, and agrees on each step to them."""

from __future__ import annotations

from pathlib import Path

import ncnn
import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.calibration.collect import collect
from workbench.calibration.plan import Plan, calibrate
from workbench.export.int8 import export_int8
from workbench.model import Model, load_model, save_model
from workbench.numerics.weights import quantize_weights, weight_scales
from workbench.samples import sample, samples
from workbench.simulation.propagate import requantized
from workbench.simulation.storage import to_half_precision

Floats = NDArray[np.float32]
IMAGES = 24


def run(param: Path, inputs: list[Floats], blob: str) -> list[Floats]:
    net = ncnn.Net()
    net.opt.num_threads = 1
    net.opt.use_packing_layout = False
    assert net.load_param(str(param)) == 0
    assert net.load_model(str(param.with_suffix(".bin"))) == 0
    outputs = []
    for array in inputs:
        extractor = net.create_extractor()
        feed = ncnn.Mat(array)
        extractor.input("data", feed)
        outputs.append(np.array(extractor.extract(blob)[1]))
    return outputs


def cosine(a: Floats, b: Floats) -> float:
    a, b = a.ravel().astype(np.float64), b.ravel().astype(np.float64)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def check_network(model: Model, plan: Plan, inputs: list[Floats], blob: str, folder: Path) -> None:
    save_model(model, folder / "float.param", folder / "float.bin")
    export_int8(model, plan, folder / "int8.param", folder / "int8.bin")
    expected = run(folder / "float.param", inputs, blob)
    found = run(folder / "int8.param", inputs, blob)
    # the mean: one image of the samples has glare, which a good threshold clips
    assert np.mean(list(map(cosine, expected, found))) > 0.99
    assert any((a != b).any() for a, b in zip(expected, found, strict=True))


@pytest.mark.parametrize("name", samples())
def test_ncnn_runs_every_sample_network_in_int8(name: str, tmp_path: Path) -> None:
    model = sample(name).load()
    images = [np.array(image) for image in sample(name).images()[:IMAGES]]
    plan = calibrate(model, collect(model, images, progress=False))
    check_network(model, plan, images, "prob", tmp_path)


def test_ncnn_runs_a_network_on_random_input(
    model: Model, arrays: list[Floats], tmp_path: Path
) -> None:
    plan = calibrate(model, collect(model, arrays, progress=False), "minmax")
    check_network(model, plan, arrays, "fc", tmp_path)


def test_ncnn_runs_a_network_half_in_float(
    model: Model, arrays: list[Floats], tmp_path: Path
) -> None:
    plan = calibrate(model, collect(model, arrays, progress=False), "minmax")
    plan = plan.changed("dw", keep_float=True).changed("fc", keep_float=True)
    check_network(model, plan, arrays, "fc", tmp_path)


@pytest.mark.parametrize("name", samples())
def test_what_was_written_can_be_read_back(name: str, tmp_path: Path) -> None:
    model = sample(name).load()
    images = [np.array(image) for image in sample(name).images()[:2]]
    plan = calibrate(model, collect(model, images, progress=False))
    export_int8(model, plan, tmp_path / "i.param", tmp_path / "i.bin")
    back = load_model(tmp_path / "i.param", tmp_path / "i.bin")
    tops = requantized(model.graph, plan.by_name)
    assert tops
    for layer in model.quantizable:
        term = {"ConvolutionDepthWise": 1}.get(layer.type, 2) + 100 * (layer.name in tops)
        assert back.graph.by_name[layer.name].params[8] == term
        scales = back.weight(layer.name, "weight_int8_scales")
        weight = back.weight(layer.name, "weight").reshape(scales.size, -1)
        np.testing.assert_allclose(
            weight / scales[:, None],
            model.weight(layer.name, "weight").reshape(weight.shape),
            atol=0.501 / scales.min(),
        )
        if layer.name in tops:
            top = back.weight(layer.name, "top_int8_scales")
            assert top == back.weight(tops[layer.name], "bottom_int8_scales")


def test_ncnn_quantizes_weights_to_the_same_int8() -> None:
    weight = np.random.default_rng(1).normal(0, 0.2, (32, 9, 8)).astype(np.float32)
    scales = np.array(weight_scales(weight, 32).scales)
    option = ncnn.Option()
    option.use_packing_layout = False
    feed, factors, found = ncnn.Mat(weight), ncnn.Mat(scales), ncnn.Mat()
    ncnn.quantize_to_int8(feed, found, factors, option)
    np.testing.assert_array_equal(
        np.array(found).view(np.int8).reshape(32, -1), quantize_weights(weight, scales)
    )


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8, 15, 33, 4099])
def test_ncnn_makes_the_same_half_precision(count: int) -> None:
    rng = np.random.default_rng(count)
    array = (rng.normal(0, 1, count) * 10.0 ** rng.integers(-8, 4, count)).astype(np.float32)
    array[::3] = array[::3].astype(np.float16) * np.float32(1 + 2.0**-11)  # many are ties
    found, feed = ncnn.Mat(), ncnn.Mat(array)
    ncnn.cast_float32_to_float16(feed, found)
    expected = to_half_precision(array).astype(np.float16)
    np.testing.assert_array_equal(np.array(found).view(np.uint16), expected.view(np.uint16))

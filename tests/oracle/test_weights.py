"""ncnn itself reads what the workbench writes: every op's weights, in every encoding.

A constant stands behind the layer under test. ncnn gives the constant back only if it took
exactly the bytes before it, so each case proves the number, size and tags of the arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import ncnn
import numpy as np
import pytest

from workbench.formats.param import format_param, parse_param, write_param
from workbench.formats.weights import Weight, write_weights
from workbench.graph import Graph, Layer
from workbench.ops import OPS, WeightSpec, values, weights
from workbench.ops.op import no_weights

SENTINEL = np.array([3.5, -1.25, 7.0, 0.0625], np.float32)
FLOATS = ("float32", "float16", "bfloat16", "extra", "table")

CONV = {0: 4, 1: 3, 6: 72}
CONV_3D = {0: 4, 1: 3, 6: 216}
CONV_1D = {0: 4, 1: 3, 6: 24}
RECURRENT = {0: 5, 1: 2 * 3 * 5 * 7, 2: 2}
ATTENTION = {0: 8, 1: 2, 2: 96, 3: 10, 4: 6}
GEMM_B = {4: 0, 5: 1, 6: 0, 7: 3, 8: 5, 9: 66}

CASES: list[tuple[str, Mapping[int, int]]] = [
    *((f"{kind}{axes}", {**params, 5: bias}) for bias in (0, 1) for kind, group in (
        ("Convolution", {}), ("Deconvolution", {}),
        ("ConvolutionDepthWise", {7: 2}), ("DeconvolutionDepthWise", {7: 2}),
    ) for axes, params in (
        ("", {**CONV, **group}), ("1D", {**CONV_1D, **group}), ("3D", {**CONV_3D, **group}),
    )),
    *(("Convolution", {**CONV, 5: 1, 8: term}) for term in (1, 2, 101, 102)),
    *(("ConvolutionDepthWise", {**CONV, 5: 1, 7: 2, 8: term}) for term in (1, 2, 101, 102)),
    ("Convolution", {0: 4, 1: 3, 5: 1, 6: 0, 19: 1}),
    ("Convolution", {0: 4, 1: 3, 11: 2, 5: 1, 6: 48}),
    ("DeformableConv2D", {**CONV, 5: 1}),
    ("InnerProduct", {0: 3, 1: 1, 2: 21}),
    ("InnerProduct", {0: 3, 1: 0, 2: 21}),
    ("InnerProduct", {0: 3, 1: 1, 2: 21, 8: 2}),
    ("Embed", {0: 3, 1: 7, 2: 1, 3: 21}),
    ("Embed", {0: 3, 1: 7, 2: 1, 3: 21, 18: 1}),
    ("Gemm", {4: 1, 5: 0, 6: 0, 7: 3, 8: 0, 9: 7}),
    ("Gemm", {2: 1, 4: 1, 5: 0, 6: 0, 7: 3, 8: 0, 9: 7}),
    *(("Gemm", {**GEMM_B, 3: 1, 6: 1, 10: broadcast}) for broadcast in (-1, 0, 1, 2, 3, 4)),
    ("Gemm", {4: 1, 5: 1, 6: 0, 7: 3, 8: 5, 9: 7, 3: 1}),
    ("Gemm", {4: 1, 5: 1, 6: 0, 7: 3, 8: 5, 9: 7, 3: 1, 18: 2}),
    *(("Gemm", {**GEMM_B, 3: 1, 18: term}) for term in (2, 400, 411, 602, 810, 812)),
    ("RNN", {**RECURRENT, 1: 2 * 5 * 7}),
    ("RNN", {**RECURRENT, 1: 2 * 5 * 7, 8: 2}),
    ("LSTM", {**RECURRENT, 1: 2 * 4 * 5 * 7}),
    ("LSTM", {**RECURRENT, 1: 2 * 4 * 6 * 7, 3: 6}),
    ("LSTM", {**RECURRENT, 1: 4 * 6 * 7, 2: 0, 3: 6, 8: 2}),
    ("GRU", RECURRENT),
    ("GRU", {**RECURRENT, 8: 2}),
    ("MultiHeadAttention", ATTENTION),
    *(("MultiHeadAttention", {**ATTENTION, 18: term}) for term in (2, 400, 411, 602, 812)),
    ("BatchNorm", {0: 3}),
    ("Bias", {0: 3}),
    ("Scale", {0: 3}),
    ("Scale", {0: 3, 1: 1}),
    ("Scale", {0: -233}),
    *((norm, {0: 3, 2: affine}) for norm in ("LayerNorm", "RMSNorm", "InstanceNorm")
      for affine in (0, 1)),
    ("GroupNorm", {0: 2, 1: 4}),
    ("GroupNorm", {0: 2, 1: 4, 3: 0}),
    ("Normalize", {3: 3}),
    ("PReLU", {0: 3}),
    ("Padding", {0: 1, 6: 3}),
    ("Quantize", {0: 3}),
    ("Dequantize", {0: 3, 1: 3}),
    ("Requantize", {0: 3, 1: 2, 2: 3}),
    *(("MemoryData", {**shape, 21: load}) for load in (0, 1) for shape in (
        {0: 5}, {0: 5, 1: 2}, {0: 5, 1: 2, 2: 3}, {0: 5, 1: 2, 2: 3, 11: 2}, {},
    )),
    ("MemoryData", {0: 5, 21: 8}),
]  # fmt: skip


def layer_of(type: str, params: Mapping[int, int]) -> Layer:
    op = OPS[type]
    found = values(Layer(type, "x", (), (), params))
    counts = [side(found) if callable(side) else side for side in (op.bottoms, op.tops)]
    bottoms = tuple(f"in{i}" for i in range(counts[0][0]))
    return Layer(type, "x", bottoms, tuple(f"out{i}" for i in range(counts[1][0])), params)


def graph_of(layer: Layer) -> Graph:
    inputs = [Layer("Input", f"in{i}", (), (blob,)) for i, blob in enumerate(layer.bottoms)]
    sentinel = Layer("MemoryData", "sentinel", (), ("sentinel",), {0: SENTINEL.size})
    return Graph((*inputs, layer, sentinel))


def array_of(spec: WeightSpec, encoding: str) -> Weight:
    rng = np.random.default_rng(spec.count)
    if spec.load == "packed":
        return Weight.of(spec.name, rng.integers(0, 256, spec.shape), "packed")
    if spec.load == "raw":
        return Weight.of(spec.name, rng.uniform(0.5, 2, spec.shape).astype(np.float32))
    if spec.int8 == "must" or (spec.int8 == "may" and encoding == "int8"):
        return Weight.of(spec.name, rng.integers(-127, 128, spec.shape), "int8")
    steps = rng.integers(-8, 9, spec.shape) / 8
    return Weight.of(spec.name, steps.astype(np.float32), encoding)


def sentinel_of(graph: Graph, found: Mapping[str, tuple[Weight, ...]], folder: Path) -> np.ndarray:
    write_param(format_param(graph), folder / "m.param")
    write_weights(graph, found, folder / "m.bin")
    net = ncnn.Net()
    net.opt.num_threads = 1
    assert net.load_param(str(folder / "m.param")) == 0
    assert net.load_model(str(folder / "m.bin")) == 0
    return np.array(net.create_extractor().extract("sentinel")[1])


def encodings_of(type: str, params: Mapping[int, int]) -> tuple[str, ...]:
    """The encodings that make a difference to this layer."""
    specs = weights(layer_of(type, params))
    if not any(spec.load == "tagged" for spec in specs):
        return ("float32",)
    return (*FLOATS, "int8") if any(spec.int8 == "may" for spec in specs) else FLOATS


@pytest.mark.parametrize(
    ("type", "params", "encoding"),
    [(type, params, encoding) for type, params in CASES for encoding in encodings_of(type, params)],
    ids=str,
)
def test_ncnn_takes_exactly_the_bytes_of_a_layer(
    type: str, params: Mapping[int, int], encoding: str, tmp_path: Path
) -> None:
    graph = graph_of(layer_of(type, params))
    found = {
        "x": tuple(array_of(spec, encoding) for spec in weights(graph.by_name["x"])),
        "sentinel": (Weight.of("data", SENTINEL),),
    }
    np.testing.assert_array_equal(sentinel_of(graph, found, tmp_path), SENTINEL)


def test_every_op_with_weights_is_tried() -> None:
    with_weights = {type for type, op in OPS.items() if op.weights is not no_weights}
    assert with_weights == {type for type, _ in CASES}


NETWORK = """7767517
4 4
Input                data 0 1 data 0=9 1=8 2=3
Convolution          conv 1 1 data conv 0=4 1=3 5=1 6=108{int8}
ConvolutionDepthWise dw 1 1 conv dw 0=4 1=3 5=1 6=36 7=4{depthwise}
InnerProduct         fc 1 1 dw fc 0=5 1=1 2=400{int8}
"""
SHAPES = {"conv": (4, 3, 3, 3), "dw": (4, 1, 3, 3), "fc": (5, 4 * 4 * 5)}


def run(
    weights_of: Mapping[str, tuple[Weight, ...]], folder: Path, int8: bool = False
) -> np.ndarray:
    text = NETWORK.format(int8=" 8=2" if int8 else "", depthwise=" 8=1" if int8 else "")
    graph = parse_param(text)
    write_param(format_param(graph), folder / "m.param")
    write_weights(graph, weights_of, folder / "m.bin")
    net = ncnn.Net()
    net.opt.num_threads = 1
    net.opt.use_packing_layout = False
    assert net.load_param(str(folder / "m.param")) == 0
    assert net.load_model(str(folder / "m.bin")) == 0
    image = np.random.default_rng(5).uniform(-1, 1, (3, 8, 9)).astype(np.float32)
    feed = ncnn.Mat(image)
    extractor = net.create_extractor()
    extractor.input("data", feed)
    return np.array(extractor.extract("fc")[1])


def floats(encoding: str, levels: int | None = None) -> dict[str, tuple[Weight, ...]]:
    """The same random weights in an encoding; at most `levels` different ones in a layer."""
    rng = np.random.default_rng(7)
    found: dict[str, tuple[Weight, ...]] = {}
    for name, shape in SHAPES.items():
        weight = rng.normal(0, 0.3, shape)
        if levels:
            weight = np.round(weight * levels / 4).clip(-levels // 2 + 1, levels // 2) / levels
        bias = rng.normal(0, 0.3, shape[0]).astype(np.float32)
        found[name] = (Weight.of("weight", weight, encoding), Weight.of("bias", bias))
    return found


@pytest.mark.parametrize(
    ("encoding", "relative_step"),
    [("extra", 0.0), ("float16", 2.0**-11), ("bfloat16", 2.0**-8)],
)
def test_the_output_is_that_of_float32_weights_to_the_step_of_the_encoding(
    encoding: str, relative_step: float, tmp_path: Path
) -> None:
    expected = run(floats("float32"), tmp_path)
    found = run(floats(encoding), tmp_path)
    # three layers, each weight off by one step: the values here are of size 1
    np.testing.assert_allclose(found, expected, rtol=0, atol=10 * relative_step + 1e-6)
    assert np.array_equal(found, expected) == (relative_step == 0)


def test_a_table_of_256_numbers_gives_the_same_output(tmp_path: Path) -> None:
    np.testing.assert_array_equal(
        run(floats("table", levels=250), tmp_path), run(floats("float32", levels=250), tmp_path)
    )


def test_int8_weights_with_scales_come_near_the_float_output(tmp_path: Path) -> None:
    quantized = {}
    for name, (weight, bias) in floats("float32").items():
        rows = weight.array.reshape(SHAPES[name])
        scales = 127 / np.abs(rows).reshape(rows.shape[0], -1).max(1)
        stored = np.rint(rows * scales.reshape(-1, *[1] * (rows.ndim - 1)))
        quantized[name] = (
            Weight.of("weight", stored, "int8"),
            bias,
            Weight.of("weight_int8_scales", scales.astype(np.float32)),
            Weight.of("bottom_int8_scales", np.array([127 / 4], np.float32)),
        )
    expected = run(floats("float32"), tmp_path)
    found = run(quantized, tmp_path, int8=True)
    error = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    assert 0 < error < 0.05

"""Shapes found without running against those of ncnn, on random layers and inputs."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import ncnn
import numpy as np

from workbench.errors import GraphError
from workbench.formats.param import format_param
from workbench.formats.weights import Weight, write_weights
from workbench.graph import Graph, Layer, ParamValue
from workbench.ops import OPS, Op, Shape, check, shapes, values, weights
from workbench.ops.op import Param
from workbench.ops.shape_rules import unknown

SPECIAL = {"Input", "MemoryData", "Embed", "Quantize", "Dequantize", "Requantize", "Cast"}
TRIED = [op for op in OPS.values() if op.shapes is not unknown and op.type not in SPECIAL]
PLAIN = {"int8_scale_term", "dynamic_weight", "input_batch_axis", "output_batch_axis"}


def value_of(param: Param, rng: random.Random) -> ParamValue:
    match param.kind:
        case "int":
            return rng.choice([0, 1, 1, 2, 2, 3, 4, -233])
        case "float":
            return rng.choice([0.5, 1.0])
        case "ints":
            return tuple(rng.choices([1, 2, 3, -233, -1], k=rng.randint(0, 3)))
        case "floats":
            return tuple(rng.choices([0.5, 1.0], k=rng.randint(0, 3)))
        case "text":
            return ""


def random_layer(op: Op, channels: int, rng: random.Random) -> Layer | None:
    """A layer that passes its check, with sizes that often fit the channels."""
    sane = {"num_output": rng.choice([2, 4]), "kernel_w": rng.choice([1, 2, 3])}
    sane["weight_data_size"] = rng.choice([1, 2, 3, 4, 6, 9, 18]) * rng.choice([4, 8, 16, 24])
    for size in ("channels", "bias_data_size", "scale_data_size", "num_slope"):
        sane[size] = channels
    free = (p for p in op.params if p.name not in PLAIN)
    given = {p.id: value_of(p, rng) for p in free if rng.random() < 0.3}
    given |= {p.id: sane[p.name] for p in op.params if p.name in sane}
    try:
        found = values(Layer(op.type, "x", (), (), given))
        sides = [side(found) if callable(side) else side for side in (op.bottoms, op.tops)]
        names = [
            tuple(f"{s}{i}" for i in range(max(1, n)))
            for s, (n, _) in zip("bt", sides, strict=True)
        ]
        layer = Layer(op.type, "x", names[0], names[1], given)
        check(layer)
    except (GraphError, IndexError):
        return None
    return layer


def random_shape(type: str, channels: int, rng: random.Random) -> tuple[int, ...]:
    axes = 3 if "3D" in type else 1 if "1D" in type else rng.choice([0, 1, 2, 2, 2])
    return (channels, *[rng.randint(1, 7) for _ in range(axes)])


def run(layer: Layer, feeds: Mapping[str, np.ndarray], folder: Path) -> list[Shape] | None:
    """The shapes that ncnn gives, or None if it refuses."""
    rng = np.random.default_rng(0)
    arrays = [
        Weight.of(s.name, rng.uniform(0.5, 1, s.shape), "float32" if s.load == "tagged" else "raw")
        for s in weights(layer)
    ]
    inputs = (Layer("Input", blob, (), (blob,)) for blob in layer.bottoms)
    graph = Graph((*inputs, layer))
    write_weights(graph, {"x": tuple(arrays)}, folder / "m.bin")
    net = ncnn.Net()
    net.opt.num_threads = 1
    net.opt.use_packing_layout = False
    assert net.load_param_mem(format_param(graph)) == 0
    assert net.load_model(str(folder / "m.bin")) == 0
    extractor = net.create_extractor()
    mats = {blob: ncnn.Mat(array).clone() for blob, array in feeds.items()}
    for blob, mat in mats.items():
        extractor.input(blob, mat)
    found: list[Shape] = []
    for top in layer.tops:
        status, mat = extractor.extract(top)
        if status != 0:
            return None
        found.append(np.array(mat).shape)
    return found


def test_the_shapes_that_follow_are_those_of_ncnn(tmp_path: Path) -> None:
    rng, agreed = random.Random(2), set()
    for _ in range(2500):
        op, channels = rng.choice(TRIED), rng.choice([2, 4, 6])
        layer = random_layer(op, channels, rng)
        shape = random_shape(op.type, channels, rng)
        if layer is None or len(set(layer.tops)) != len(layer.tops):
            continue
        try:
            expected = shapes(layer, [shape] * len(layer.bottoms))
        except GraphError:
            continue
        if any(top is None or None in top for top in expected):
            continue
        feeds = {blob: np.ones(shape, np.float32) for blob in layer.bottoms}
        if (found := run(layer, feeds, tmp_path)) is not None:
            assert found == list(expected), f"{layer!r} of {shape}"
            agreed.add(op.type)
    assert len(agreed) > 35

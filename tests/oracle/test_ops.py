"""The list of ops and the checks of their parameters against ncnn itself."""

from __future__ import annotations

import random

import ncnn
import pytest

from workbench.errors import GraphError
from workbench.formats.param import format_param
from workbench.graph import Graph, Layer, ParamValue
from workbench.ops import OPS, Op, check, values
from workbench.ops.op import Param

NOT_BUILT = {"ArgMax", "SPP"}  # ncnn knows them, its default build leaves them out


def test_ncnn_has_every_op_of_the_registry_and_no_other() -> None:
    indices = {type: ncnn.layer_to_index(type) for type in OPS}
    assert sorted(indices.values()) == list(range(len(OPS)))
    assert ncnn.create_layer(len(OPS)) is None


@pytest.mark.parametrize("type", sorted(OPS))
def test_ncnn_makes_a_layer_of_every_op(type: str) -> None:
    assert (ncnn.create_layer(type) is None) == (type in NOT_BUILT)


SANE = {"num_output": 4, "kernel_w": 1, "weight_data_size": 48, "channels": 4, "embed_dim": 4}
SANE |= {"input_dim": 12, "n_fft": 16}
NUMBERS = [0, 1, 2, 3, 4, 6, 8, 12, -1, -233, 100, 2**31 - 1]


def value_of(param: Param, rng: random.Random) -> ParamValue:
    match param.kind:
        case "int":
            return rng.choice(NUMBERS)
        case "float":
            return rng.choice([0.0, 1.0, -1.0, 0.5])
        case "ints":
            return tuple(rng.choices([0, 1, 2, 3, -1, -233], k=rng.randint(0, 4)))
        case "floats":
            return tuple(rng.choices([0.0, 0.5, 1.0, 2.0], k=rng.randint(0, 4)))
        case "text":
            return rng.choice(["0w", "0w,1h", "+(0w,2)", "", "*(0w"])


def random_layer(op: Op, rng: random.Random) -> Layer:
    """A layer with some parameters at random, and mostly as many blobs as it needs."""
    given = {param.id: value_of(param, rng) for param in op.params if rng.random() < 0.4}
    if rng.random() < 0.7:
        given |= {param.id: SANE[param.name] for param in op.params if param.name in SANE}
    found = values(Layer(op.type, "x", (), (), given))
    counts = []
    for legal in (op.bottoms, op.tops):
        try:
            least = (legal(found) if callable(legal) else legal)[0]
        except IndexError:  # op_type is out of its range
            least = 1
        counts.append(least if rng.random() < 0.9 else rng.randint(1, 3))
    bottoms, tops = (
        tuple(f"{side}{i}" for i in range(n)) for side, n in zip("bt", counts, strict=True)
    )
    return Layer(op.type, "x", bottoms, tops, given)


def test_ncnn_loads_every_layer_that_the_check_passes() -> None:
    rng, passed = random.Random(1), 0
    ops = [op for type, op in OPS.items() if type not in NOT_BUILT]
    for _ in range(3000):
        layer = random_layer(rng.choice(ops), rng)
        try:
            check(layer)
        except GraphError:
            continue
        inputs = (Layer("Input", blob, (), (blob,)) for blob in layer.bottoms)
        text = format_param(Graph((*inputs, layer)))
        assert ncnn.Net().load_param_mem(text) == 0, text
        passed += 1
    assert passed > 1000

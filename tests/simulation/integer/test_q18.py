from __future__ import annotations

import numpy as np
import pytest

from tests.simulation.integer.conftest import conv, graph_of, inputs_of, model_of, plan_of
from workbench.graph import Layer
from workbench.numerics.fixed_point import OverflowCounter
from workbench.simulation.integer.q18 import (
    SCALE,
    activated,
    prepare_units,
    propagate_units,
    to_units,
)
from workbench.simulation.simulator import simulate

TOP = ((0, 0), (1, 0), (0, 0))
X = np.array([[[-3.0, 2.5], [0.25, 7.5]], [[1.0, -1.0], [100.0, -0.5]]])


def compute(type: str, params: dict[int, object], *real: np.ndarray) -> tuple[np.ndarray, int]:
    layer = Layer(type, "l", tuple(f"x{i}" for i in range(len(real))), ("y",), params)
    counter = OverflowCounter()
    (result,) = prepare_units(layer)([to_units(x) for x in real], counter)
    assert result.dtype == np.int32
    return result / SCALE, counter.overflows


@pytest.mark.parametrize(
    ("type", "params", "expected"),
    [
        ("ReLU", {}, np.maximum(X, 0)),
        ("ReLU", {0: 0.5}, np.where(X < 0, X * 0.5, X)),
        ("Clip", {0: 0.0, 1: 6.0}, X.clip(0, 6)),
        ("Pooling", {0: 1, 4: 1}, X.mean((1, 2))),
        ("Pooling", {0: 0, 1: 2, 2: 2}, X.max((1, 2), keepdims=True)),
        ("BinaryOp", {0: 0, 1: 1, 2: 0.5}, X + 0.5),
        ("BinaryOp", {0: 2, 1: 1, 2: -0.5}, X * -0.5),
        ("BinaryOp", {0: 7, 1: 1, 2: 1.0}, 1.0 - X),
        ("AbsVal", {}, np.abs(X)),
        ("Dropout", {0: 0.5}, X * 0.5),
        ("Padding", {0: 1, 1: 0, 2: 0, 3: 0, 5: 0.5}, np.pad(X, TOP, constant_values=0.5)),
    ],
)  # fmt: skip
def test_an_op_on_units_is_the_op_on_real_numbers(type, params, expected):
    result, overflows = compute(type, params, X)
    assert result == pytest.approx(expected, abs=2 / SCALE)
    assert overflows == 0


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({0: 0}, X + X[:, :1, :1]),
        ({0: 1}, X - X[:, :1, :1]),
        ({0: 2}, X * X[:, :1, :1]),
        ({0: 4}, np.maximum(X, X[:, :1, :1])),
    ],
)
def test_two_blobs_stretch_over_each_other(params, expected):
    result, _ = compute("BinaryOp", params, X, X[:, 0, 0])
    assert result == pytest.approx(expected, abs=2 / SCALE)


def test_a_weighted_sum_has_its_weights():
    result, _ = compute("Eltwise", {0: 1, 1: (0.5, -2.0)}, X, X)
    assert result == pytest.approx(X * -1.5, abs=2 / SCALE)


def test_what_leaves_int32_is_counted_and_saturated():
    result, overflows = compute(
        "BinaryOp", {0: 0}, np.full((1, 1, 1), 8000.0), np.full((1, 1, 1), 500.0)
    )
    assert overflows == 1
    assert result.ravel()[0] == pytest.approx(8192)


def test_a_mean_over_more_than_int32_could_sum_is_exact():
    result, overflows = compute("Pooling", {0: 1, 4: 1}, np.full((1, 64, 64), 1000.0))
    assert result.tolist() == [1000.0]
    assert overflows == 1


def test_the_bound_of_relu6_is_six_units():
    assert activated(to_units(np.array([7.0])), 3, (0.0, 6.0)).tolist() == [6 << 18]


def test_what_has_no_arithmetic_in_int32_says_so():
    graph = graph_of(
        "Input data 0 1 data 0=8 1=8 2=4",
        conv("conv0", "data", extra="9=5"),
        conv("conv1", "conv0"),
        "Sigmoid gate 1 1 conv1 gate",
        "Softmax prob 1 1 gate prob",
    )
    found = propagate_units(graph, {"conv0": 10.0, "conv1": 10.0})
    assert found["conv0"].why == "float: its activation Mish has no arithmetic in int32"
    assert found["conv1"].scale.tolist() == [SCALE]
    assert found["gate"].why == "float: Sigmoid has no arithmetic in int32"
    model, images = model_of(graph), inputs_of((4, 8, 8))
    run = simulate(model, plan_of(model, images), images[0], "int32-shift")
    kinds = {name: str(blob.array.dtype) for name, blob in run.blobs.items()}
    assert [kinds[name] for name in ("conv0", "conv1", "gate")] == ["float32", "int32", "float32"]

"""Drawn networks: every blob of the simulated int8 network equals ncnn's, in both schemes.

Layers are added one after the other, each to one of the blobs that have no reader yet, so that
int8 goes from convolution to convolution, into Splits, and ends where an op wants float.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.test_simulator import network_of
from workbench.calibration.plan import LayerPlan, Plan, layer_weight_scales
from workbench.engine.loading import fetch, load
from workbench.formats.weights import Weight
from workbench.graph import Graph, Layer, ParamValue
from workbench.model import Model
from workbench.simulation import simulator
from workbench.simulation.difference import first_difference
from workbench.simulation.simulator import Simulator

KINDS = (
    *("dense", "depthwise", "split") * 3,
    *("pool", "relu", "add", "concat", "fc"),
)


class Builder:
    """A network that grows; `loose` are the blobs that nothing reads, with their channels."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        channels = draw(st.integers(1, 4))
        self.layers = [Layer("Input", "data", (), ("data",), {0: 9, 1: 8, 2: channels})]
        self.shape = (channels, 8, 9)
        self.loose: dict[str, int] = {"data": channels}
        self.weights: dict[str, tuple[Weight, ...]] = {}
        self.rng = np.random.default_rng(draw(st.integers(0, 10**6)))

    def grow(self, kind: str) -> None:
        newest = list(self.loose)[-1]
        blob = self.draw(st.sampled_from((newest, newest, *self.loose)))
        channels = self.loose[blob]
        if kind in ("dense", "depthwise"):
            self._convolve(blob, channels, kind)
        elif kind == "split":
            del self.loose[blob]
            name = f"l{len(self.layers)}"
            tops = tuple(f"{name}_{i}" for i in range(self.draw(st.integers(2, 3))))
            self.layers.append(Layer("Split", name, (blob,), tops))
            self.loose |= dict.fromkeys(tops, channels)
            if self.draw(st.booleans()):  # int8 enters a Split only if all its tops are such
                for top in tops:
                    self._convolve(top, channels, self.draw(st.sampled_from(KINDS[:2])))
        elif kind in ("add", "concat"):
            self._join(kind)
        elif kind == "fc":
            size = channels * self.shape[1] * self.shape[2]
            self._weigh("InnerProduct", blob, {0: 5, 1: 1, 2: 5 * size}, (5, size))
            self.loose.popitem()  # a vector, which no later layer takes
        else:
            params: dict[int, ParamValue] = {0: 0, 1: 3, 2: 1, 3: 1} if kind == "pool" else {}
            self._add("Pooling" if kind == "pool" else "ReLU", (blob,), params, channels)

    def _convolve(self, blob: str, channels: int, kind: str) -> None:
        kernel = self.draw(st.sampled_from((1, 3, 5)))
        outputs = channels if kind == "depthwise" else self.draw(st.integers(1, 9))
        inputs = 1 if kind == "depthwise" else channels
        activation = self.draw(st.sampled_from((0, 1, 2, 3, 5, 6)))
        size = outputs * inputs * kernel**2
        params: dict[int, ParamValue] = {
            0: outputs, 1: kernel, 4: kernel // 2, 5: 1, 6: size, 9: activation,
            **({10: given} if (given := {2: (0.1,), 3: (-1.0, 2.0), 6: (0.2, 0.5)}.get(activation))
               else {}),
            **({7: channels} if kind == "depthwise" else {}),
        }  # fmt: skip
        type = "ConvolutionDepthWise" if kind == "depthwise" else "Convolution"
        self._weigh(type, blob, params, (outputs, inputs, kernel, kernel))

    def _weigh(
        self, type: str, blob: str, params: dict[int, ParamValue], shape: tuple[int, ...]
    ) -> None:
        name = self._add(type, (blob,), params, shape[0])
        scale = (2 / np.prod(shape[1:])) ** 0.5
        weight = self.rng.normal(0, scale, shape).astype(np.float32)
        bias = self.rng.normal(0, 0.3, shape[0]).astype(np.float32)
        self.weights[name] = (Weight.of("weight", weight, "float32"), Weight.of("bias", bias))

    def _join(self, kind: str) -> None:
        one = self.draw(st.sampled_from(sorted(self.loose)))
        others = [b for b, c in self.loose.items() if b != one and c == self.loose[one]]
        if others:
            channels = self.loose[one] * (2 if kind == "concat" else 1)
            type = "Concat" if kind == "concat" else "BinaryOp"
            self._add(type, (one, others[0]), {}, channels)

    def _add(
        self, type: str, bottoms: tuple[str, ...], params: dict[int, ParamValue], channels: int
    ) -> str:
        name = f"l{len(self.layers)}"
        self.layers.append(Layer(type, name, bottoms, (name,), params))
        for blob in bottoms:
            del self.loose[blob]
        self.loose[name] = channels
        return name


@st.composite
def networks(draw: st.DrawFn) -> tuple[Model, Plan, np.ndarray]:
    builder = Builder(draw)
    for kind in draw(st.lists(st.sampled_from(KINDS), min_size=3, max_size=12)):
        if builder.loose:
            builder.grow(kind)
    model = Model(Graph(tuple(builder.layers)), builder.weights)
    decisions = []
    for layer in model.quantizable:
        bits = draw(st.sampled_from((6, 8)))
        scales, _ = layer_weight_scales(layer, model.weight(layer.name, "weight"), "kl", bits)
        threshold, kept = draw(st.sampled_from((0.7, 2.0, 6.5))), draw(st.integers(0, 9)) == 9
        weights = tuple(scales.tolist())
        decisions.append(LayerPlan(layer.name, layer.type, "hand", threshold, bits, weights, kept))
    x = builder.rng.normal(0, 1, builder.shape).astype(np.float32)
    return model, Plan(tuple(decisions), model.sha256), x


@pytest.mark.filterwarnings("ignore::workbench.errors.WorkbenchWarning")
@settings(max_examples=120, deadline=None)
@given(networks())
def test_every_blob_of_a_drawn_network_equals_that_of_ncnn(drawn):
    model, plan, x = drawn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulator, "try_out", lambda model, shapes: None)  # sound by construction
        for scheme in ("dequantize", "requantize"):
            ours = Simulator(model, plan, scheme).run(x)
            net = load(network_of(model, plan, scheme), 1, {"use_packing_layout": False})
            theirs = fetch(net, {"data": x}, model.graph.blobs, raw=True)
            assert not first_difference(ours, theirs)

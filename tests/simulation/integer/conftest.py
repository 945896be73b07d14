"""Small graphs to carry scales through, and a network with many kinds of layers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import Plan, calibrate
from workbench.formats.param import parse_param
from workbench.formats.weights import Weight
from workbench.graph import Graph
from workbench.model import Model
from workbench.ops import weights

CONV = "5=0 1=1"


def graph_of(*lines: str) -> Graph:
    """A graph of .param lines."""
    names = {top for line in lines for top in _tops(line)}
    return parse_param(f"7767517\n{len(lines)} {len(names)}\n" + "\n".join(lines) + "\n")


def _tops(line: str) -> list[str]:
    parts = line.split()
    first = 4 + int(parts[2])
    return parts[first : first + int(parts[3])]


def conv(name: str, bottom: str, outputs: int = 4, inputs: int = 4, extra: str = "") -> str:
    """The line of a 1x1 convolution, whose top has its name."""
    return f"Convolution {name} 1 1 {bottom} {name} 0={outputs} {CONV} 6={outputs * inputs} {extra}"


def depthwise(name: str, bottom: str, channels: int) -> str:
    """The line of a 1x1 depthwise convolution."""
    return (
        f"ConvolutionDepthWise {name} 1 1 {bottom} {name} 0={channels} {CONV} 6={channels} "
        f"7={channels}"
    )


def model_of(graph: Graph, seed: int = 0) -> Model:
    """A network with random weights that keep the size of activations."""
    rng = np.random.default_rng(seed)
    found = {}
    for layer in graph.layers:
        parts = []
        for spec in weights(layer):
            inputs = max(1, spec.count // spec.shape[0])
            array = rng.normal(0, (1.5 / inputs) ** 0.5, spec.shape).astype(np.float32)
            if spec.name in ("bias", "slope"):
                array = np.abs(array) * np.float32(0.1)
            parts.append(Weight.of(spec.name, array, "float32" if spec.load == "tagged" else "raw"))
        if parts:
            found[layer.name] = tuple(parts)
    return Model(graph, found)


def inputs_of(shape: tuple[int, ...], count: int = 4, seed: int = 1) -> list[np.ndarray]:
    """Random inputs."""
    rng = np.random.default_rng(seed)
    return [rng.normal(0, 1, shape).astype(np.float32) for _ in range(count)]


def plan_of(model: Model, inputs: list[np.ndarray], method: str = "minmax") -> Plan:
    """Calibrate on the inputs themselves."""
    return calibrate(model, collect(model, inputs, progress=False), method=method)


def scales_of(graph: Graph, **given: float) -> Mapping[str, float]:
    """The scales by name; every layer that is named must be there."""
    assert set(given) <= {layer.name for layer in graph.layers}
    return given


@pytest.fixture
def zoo() -> Model:
    """A network in which nearly every op with integer arithmetic appears once."""
    return model_of(
        graph_of(
            "Input data 0 1 data 0=12 1=12 2=4",
            "Convolution stem 1 1 data stem 0=8 1=3 4=1 5=1 6=288 9=6 -23310=2,0.1666667,0.5",
            "Split split 1 2 stem left right",
            "ConvolutionDepthWise dw 1 1 left dw 0=8 1=3 4=1 5=1 6=72 7=8 9=2 -23310=1,0.1",
            "Pooling squeeze 1 1 right squeeze 0=1 4=1",
            "InnerProduct fc1 1 1 squeeze fc1 0=4 1=1 2=32 9=1",
            "InnerProduct fc2 1 1 fc1 fc2 0=8 1=1 2=32",
            "Sigmoid gate 1 1 fc2 gate",
            "BinaryOp excite 2 1 dw gate excite 0=2",
            "Convolution mid 1 1 excite mid 0=8 1=1 5=1 6=64",
            "PReLU prelu 1 1 mid prelu 0=8",
            "Padding padding 1 1 prelu padding 0=1 1=1 2=1 3=1 5=0.5",
            "Convolution conv3 1 1 padding conv3 0=8 1=3 5=1 6=576 9=3 -23310=2,-1.0,1.0",
            "Interp interp 1 1 conv3 interp 0=1 1=2.0 2=2.0",
            "Pooling pool 1 1 interp pool 0=0 1=2 2=2",
            "HardSwish swish 1 1 pool swish",
            "BinaryOp scaled 1 1 swish scaled 0=2 1=1 2=0.7",
            "Convolution conv4 1 1 scaled conv4 0=8 1=1 5=1 6=64 9=5",
            "Permute permute 1 1 conv4 permute 0=1",
            "Flatten flatten 1 1 permute flatten",
            "InnerProduct logits 1 1 flatten logits 0=6 1=1 2=6912",
            "Softmax prob 1 1 logits prob",
        )
    )

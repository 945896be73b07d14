"""A network of the shape of MobileNetV2 (width 1.0, 224x224) with random weights.

Source of the shape: Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks,
2018, table 2.
"""

from __future__ import annotations

import numpy as np

from workbench.formats.weights import Weight
from workbench.graph import Graph, Layer, ParamValue
from workbench.model import Model

BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, output channels, repetitions, stride of the first."""

Params = dict[int, ParamValue]


def mobilenet_v2(seed: int = 0) -> Model:
    """Build the network; its input blob is "data", (3, 224, 224)."""
    layers = [Layer("Input", "data", (), ("data",), {0: 224, 1: 224, 2: 3})]
    blob, channels = _convolution(layers, "data", 3, 32, kernel=3, stride=2), 32
    for expansion, outputs, repetitions, stride in BLOCKS:
        for repetition in range(repetitions):
            blob = _block(layers, blob, channels, expansion, outputs, 1 if repetition else stride)
            channels = outputs
    blob = _convolution(layers, blob, channels, 1280)
    blob = _add(layers, "Pooling", (blob,), {0: 1, 4: 1})
    blob = _add(layers, "InnerProduct", (blob,), {0: 1000, 1: 1, 2: 1280 * 1000})
    _add(layers, "Softmax", (blob,), {0: 0, 1: 1})
    rng = np.random.default_rng(seed)
    weighted = (layer for layer in layers if "Conv" in layer.type or layer.type == "InnerProduct")
    return Model(Graph(tuple(layers)), {layer.name: _weights(layer, rng) for layer in weighted})


def _block(
    layers: list[Layer], bottom: str, channels: int, expansion: int, outputs: int, stride: int
) -> str:
    residual = stride == 1 and channels == outputs
    blob, wide = bottom, channels * expansion
    if residual:
        name = f"split{len(layers)}"
        bottom, blob = f"{name}_0", f"{name}_1"
        layers.append(Layer("Split", name, (layers[-1].tops[0],), (bottom, blob)))
    if expansion > 1:
        blob = _convolution(layers, blob, channels, wide)
    blob = _convolution(layers, blob, wide, wide, kernel=3, stride=stride, group=wide)
    blob = _convolution(layers, blob, wide, outputs, relu6=False)
    return _add(layers, "BinaryOp", (bottom, blob), {0: 0}) if residual else blob


def _convolution(
    layers: list[Layer],
    bottom: str,
    channels: int,
    outputs: int,
    kernel: int = 1,
    stride: int = 1,
    group: int = 1,
    relu6: bool = True,
) -> str:
    size = outputs * channels // group * kernel**2
    params: Params = {0: outputs, 1: kernel, 3: stride, 4: kernel // 2, 5: 1, 6: size}
    params |= {9: 3, 10: (0.0, 6.0)} if relu6 else {}
    if group == 1:
        return _add(layers, "Convolution", (bottom,), params)
    return _add(layers, "ConvolutionDepthWise", (bottom,), {**params, 7: group})


def _add(layers: list[Layer], type: str, bottoms: tuple[str, ...], params: Params) -> str:
    name = f"{type.lower()}{len(layers)}"
    layers.append(Layer(type, name, bottoms, (name,), params))
    return name


def _weights(layer: Layer, rng: np.random.Generator) -> tuple[Weight, ...]:
    """Random weights that keep the size of activations."""
    outputs, size = layer.params[0], layer.params[2 if layer.type == "InnerProduct" else 6]
    weight = rng.normal(0, (2 * outputs / size) ** 0.5, size).astype(np.float32)
    bias = rng.normal(0, 0.1, outputs).astype(np.float32)
    return (Weight.of("weight", weight, "float32"), Weight.of("bias", bias))

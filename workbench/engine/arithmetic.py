"""How ncnn rounds on this machine, found by running tiny layers.

The compiled kernels differ: where the machine can, some fuse acc * scale + bias into one
operation that rounds once, and others round the product first. Which do so depends on the
instruction set that the wheel was built for, and it shows in the last bit of float outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from workbench.engine.single import SingleLayer
from workbench.formats.weights import Weight
from workbench.graph import Layer
from workbench.numerics.affine import multiply_add

_COUNT = 127
_SUMS = np.arange(1, _COUNT + 1, dtype=np.float32)
_SCALE, _BIAS = np.float32(3.0), np.float32(0.1)

_LAYERS = {
    "convolution": ("Convolution", {0: 1, 1: 1, 5: 1, 6: 1, 8: 2}),
    "depthwise 3x3": ("ConvolutionDepthWise", {0: 1, 1: 3, 5: 1, 6: 9, 7: 1, 8: 1}),
    "depthwise": ("ConvolutionDepthWise", {0: 1, 1: 1, 5: 1, 6: 1, 7: 1, 8: 1}),
    "inner product": ("InnerProduct", {0: _COUNT, 1: 1, 2: _COUNT, 8: 2}),
}


@dataclass(frozen=True)
class Arithmetic:
    """How the ncnn wheel rounds on this machine.

    Attributes:
        rounds_once: for each kind of kernel ("convolution", "depthwise 3x3", "depthwise",
            "inner product"), whether acc * scale + bias is rounded once.
        adds_half: its vector code rounds a half away from zero by adding 0.5, which takes the
            number just below 0.5 to 1. The last (size mod 4) elements of a row of a blob are
            rounded one by one, and well.
    """

    rounds_once: Mapping[str, bool]
    adds_half: bool


@cache
def arithmetic() -> Arithmetic:
    """Find out how the wheel rounds; the tiny layers run only once."""
    return Arithmetic({kind: _rounds_once(kind) for kind in _LAYERS}, _adds_half())


def _rounds_once(kind: str) -> bool:
    scale = np.float32(1) / _SCALE
    once = multiply_add(_SUMS, scale, _BIAS, once=True)
    return np.array_equal(_run(kind), once)


def _run(kind: str) -> NDArray[np.float32]:
    """Let a layer of this kind compute sums 1 to 127, each times a third plus a tenth."""
    type, params = _LAYERS[kind]
    weight: NDArray[np.int8] = np.ones(1, np.int8)
    x: NDArray[np.float32] = _SUMS.reshape(1, 1, -1)
    if kind == "depthwise 3x3":
        weight = np.eye(1, 9, dtype=np.int8).ravel()
        x = np.pad(x, ((0, 0), (0, 2), (0, 2)))
    if kind == "inner product":
        weight, x = _SUMS.astype(np.int8), np.ones(1, np.float32)
    bias = np.full(params[0], _BIAS)
    scales = np.full(params[0], _SCALE)
    return _int8_layer(type, params, weight, bias, scales, x).ravel()


def _adds_half() -> bool:
    x = np.full((1, 1, 4), np.nextafter(np.float32(0.5), np.float32(0)))
    one = np.ones(1, np.float32)
    params = {0: 1, 1: 1, 5: 1, 6: 1, 8: 2}
    return bool(_int8_layer("Convolution", params, one.astype(np.int8), one * 0, one, x).all())


def _int8_layer(
    type: str,
    params: Mapping[int, int],
    weight: NDArray[np.int8],
    bias: NDArray[np.float32],
    scales: NDArray[np.float32],
    x: NDArray[np.float32],
) -> NDArray[np.float32]:
    weights = (
        Weight.of("weight", weight, "int8"),
        Weight.of("bias", bias),
        Weight.of("weight_int8_scales", scales),
        Weight.of("bottom_int8_scales", np.ones(1, np.float32)),
    )
    (top,) = SingleLayer(Layer(type, "probe", ("x",), ("y",), params), weights).run({"x": x})
    return top

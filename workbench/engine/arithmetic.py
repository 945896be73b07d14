"""How ncnn rounds on this machine, found by running tiny layers.

The compiled kernels differ: where the machine can, some fuse acc * scale + bias into one
operation that rounds once, and others round the product first. Which do so depends on the
instruction set that the wheel was built for, and it shows in the last bit of float outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.engine.single import SingleLayer
from workbench.formats.weights import Weight
from workbench.graph import Layer
from workbench.numerics.affine import halves, multiply_add, to_int8

_COUNT = 127
_SUMS = np.arange(1, _COUNT + 1, dtype=np.float32)
_SCALE, _TOP = np.float32(3.7), np.float32(1.85)
_PART = np.float32(1) / _SCALE
"""A sum * part + part, in int8 steps of 1 / 1.85, comes near a half for every other sum: any
other order of roundings moves some of them to the other side."""

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
            "inner product"), whether acc * scale + bias is rounded once. A kind that rounds in
            yet another way is missing.
        adds_half: its vector code rounds a half away from zero by adding 0.5, which takes the
            number just below 0.5 to 1 (`workbench.numerics.affine.halves`).
    """

    rounds_once: Mapping[str, bool]
    adds_half: bool


@cache
def arithmetic() -> Arithmetic:
    """Find out how the wheel rounds; the tiny layers run only once."""
    half = _adds_half()
    found = {kind: _rounds_once(kind, half) for kind in _LAYERS}
    return Arithmetic({kind: once for kind, once in found.items() if once is not None}, half)


def _rounds_once(kind: str, adds_half: bool) -> bool | None:
    """Tell by float and int8 outputs; None if neither way explains them."""
    half = halves(_COUNT, adds_half and kind == "convolution")
    for once in (True, False):
        real = multiply_add(_SUMS, _PART, _PART, once)
        alike = np.array_equal(_run(kind), real)
        if alike and kind != "inner product":
            alike = np.array_equal(_run(kind, (_TOP,)), to_int8(real * _TOP, half))
        if alike:
            return once
    return None


def _run(kind: str, top: tuple[np.float32, ...] = ()) -> NDArray[Any]:
    """Let a layer of this kind compute sum * part + part, for the sums 1 to 127."""
    type, params = _LAYERS[kind]
    weight: NDArray[np.int8] = np.ones(1, np.int8)
    x: NDArray[np.float32] = _SUMS.reshape(1, 1, -1)
    if kind == "depthwise 3x3":
        weight = np.eye(1, 9, dtype=np.int8).ravel()
        x = np.pad(x, ((0, 0), (0, 2), (0, 2)))
    if kind == "inner product":
        weight, x = _SUMS.astype(np.int8), np.ones(1, np.float32)
    bias, scales = np.full(params[0], _PART), np.full(params[0], _SCALE)
    return _int8_layer(type, params, (weight, bias, scales), x, top).ravel()


def _adds_half() -> bool:
    x = np.full((1, 1, 4), np.nextafter(np.float32(0.5), np.float32(0)))
    one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
    params = {0: 1, 1: 1, 5: 1, 6: 1, 8: 2}
    return bool(_int8_layer("Convolution", params, (np.ones(1, np.int8), zero, one), x).all())


def _int8_layer(
    type: str,
    params: Mapping[int, int],
    arrays: tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.float32]],
    x: NDArray[np.float32],
    top: tuple[np.float32, ...] = (),
) -> NDArray[Any]:
    """Run a layer of weights, bias and weight scales, its bottom scale 1."""
    weight, *raw = arrays
    names = ("bias", "weight_int8_scales", "bottom_int8_scales", "top_int8_scales")
    floats = zip(names, (*raw, np.ones(1, np.float32), *map(np.atleast_1d, top)), strict=False)
    weights = (Weight.of("weight", weight, "int8"), *(Weight.of(n, array) for n, array in floats))
    given = {**params, 8: params[8] + 100 * len(top)}
    return SingleLayer(Layer(type, "probe", ("x",), ("y",), given), weights).run({"x": x})[0]

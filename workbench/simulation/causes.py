"""Where the error of an int8 layer comes from: clipping, rounding, weights, or its output.

The layer runs in float (ncnn's own layer) while one cause after the other is switched on:

    y0 = layer(x)                          the float layer on the float input
    y1 = layer(clip(x))                    + values above the threshold are clipped
    y2 = layer(dequantize(quantize(x)))    + the rest is rounded to its step
    y3 = layer with int8 weights, on that  + weights are rounded
    y4 = the int8 layer itself             + its output is rounded, where it hands int8 on

The energy of each step, mean (y[i+1] - y[i])^2, is that cause's part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.engine import SingleLayer
from workbench.formats.weights import Weight
from workbench.model import Model
from workbench.numerics.affine import dequantize, quantize
from workbench.simulation.blob import Blob
from workbench.simulation.quantized import QuantizedLayer

LIMIT = np.float32(127)


@dataclass(frozen=True)
class Causes:
    """Mean squared errors of a layer's output, in real units squared, by cause.

    Attributes:
        clipping: input values beyond the threshold.
        activation_rounding: input values rounded to their step.
        weight_rounding: weights rounded to their step.
        output_rounding: the output rounded and clipped to int8; where the output is float, only
            the last bits in which two orders of summation differ.
    """

    clipping: float
    activation_rounding: float
    weight_rounding: float
    output_rounding: float

    @property
    def total(self) -> float:
        """The sum of all four."""
        return float(sum(astuple(self)))

    @classmethod
    def mean(cls, parts: Sequence[Causes]) -> Causes:
        """Average over images."""
        columns = np.array([astuple(part) for part in parts])
        return cls(*columns.mean(axis=0).tolist())


class Dissection:
    """Takes layers of one network apart; what it prepares for a layer it keeps.

    Args:
        model: the float network.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._float: dict[str, SingleLayer] = {}
        self._rounded: dict[str, tuple[bytes, SingleLayer]] = {}

    def causes(
        self, quantized: QuantizedLayer, blobs: Mapping[str, Blob], result: NDArray[Any]
    ) -> Causes:
        """Split the error of one layer on one image.

        Args:
            quantized: the layer.
            blobs: the float network's blobs.
            result: what the int8 layer gives on them, float32 in real units.
        """
        layer, scale = quantized.layer, quantized.bottom_scale
        x, limit = blobs[layer.bottoms[0]].real, LIMIT / scale
        clips = bool(max(x.max(), -x.min()) > limit)
        whole = blobs[layer.tops[0]].real
        clipped = self._in_float(quantized, np.clip(x, -limit, limit)) if clips else whole
        stepped = dequantize(quantize(x, scale), scale)
        rounded = self._with_int8_weights(quantized, stepped)
        y = (whole, clipped, self._in_float(quantized, stepped), rounded, result)
        return Causes(*(_energy(after, before) for before, after in pairwise(y)))

    def _in_float(self, quantized: QuantizedLayer, x: NDArray[Any]) -> NDArray[Any]:
        layer = quantized.layer
        if layer.name not in self._float:
            self._float[layer.name] = SingleLayer(layer, self._model.weights[layer.name])
        return self._float[layer.name].run({layer.bottoms[0]: x})[0]

    def _with_int8_weights(self, quantized: QuantizedLayer, x: NDArray[Any]) -> NDArray[Any]:
        layer, key = quantized.layer, quantized.weight_scales.tobytes()
        if self._rounded.get(layer.name, (b"",))[0] != key:
            self._rounded[layer.name] = key, SingleLayer(layer, _rounded_weights(quantized))
        return self._rounded[layer.name][1].run({layer.bottoms[0]: x})[0]


def _rounded_weights(layer: QuantizedLayer) -> tuple[Weight, ...]:
    rows = layer.weight.reshape(layer.weight_scales.size, -1)
    weight = dequantize(rows, layer.weight_scales[:, None])
    arrays = [Weight.of("weight", weight, "float32")]
    if layer.bias is not None:
        arrays.append(Weight.of("bias", layer.bias))
    return tuple(arrays)


def _energy(after: NDArray[Any], before: NDArray[Any]) -> float:
    difference = after.astype(np.float64) - before
    return float((difference * difference).mean())

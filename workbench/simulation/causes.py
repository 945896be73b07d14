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
from workbench.numerics.affine import dequantize, quantize
from workbench.simulation.blob import Blob
from workbench.simulation.quantized import QuantizedLayer
from workbench.simulation.simulator import Simulator

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

    @classmethod
    def mean(cls, parts: Sequence[Causes]) -> Causes:
        """Average over images."""
        columns = np.array([astuple(part) for part in parts])
        return cls(*columns.mean(axis=0).tolist())


class Dissection:
    """Prepares the float layers that a simulator's int8 layers are dissected with."""

    def __init__(self, simulator: Simulator) -> None:
        self._layers = dict(simulator.quantized)
        weights = simulator.model.weights
        self._float = {n: SingleLayer(q.layer, weights[n]) for n, q in self._layers.items()}
        self._rounded = {
            n: SingleLayer(q.layer, _rounded_weights(q)) for n, q in self._layers.items()
        }

    def causes(self, name: str, blobs: Mapping[str, Blob], result: NDArray[Any]) -> Causes:
        """Split the error of one layer on one image.

        Args:
            name: an int8 layer.
            blobs: the float network's blobs.
            result: what the int8 layer gives on them, float32 in real units.
        """
        quantized = self._layers[name]
        bottom = quantized.layer.bottoms[0]
        x, scale = blobs[bottom].real, quantized.bottom_scale
        inputs = (
            x,
            np.clip(x, -LIMIT / scale, LIMIT / scale),
            dequantize(quantize(x, scale), scale),
        )
        y = [self._float[name].run({bottom: value})[0] for value in inputs]
        y += [self._rounded[name].run({bottom: inputs[-1]})[0], result]
        return Causes(*(_energy(after, before) for before, after in pairwise(y)))


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

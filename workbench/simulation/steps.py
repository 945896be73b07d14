"""Steps: how each layer is computed in a run, prepared once for many inputs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from workbench.engine import SingleLayer, arithmetic
from workbench.formats.weights import Weight
from workbench.graph import Layer
from workbench.numerics.affine import multiply_add, to_int8
from workbench.ops import Values, values
from workbench.ops.kernels import KERNELS, Sums
from workbench.simulation.blob import Blob
from workbench.simulation.quantized import QuantizedLayer

Arrays = Mapping[str, Blob]


class Step(Protocol):
    """What computes the tops of one layer."""

    key: bytes
    """All that the tops depend on besides the bottoms; two steps of one layer with equal keys
    compute the same."""

    def run(self, blobs: Arrays) -> tuple[Blob, ...]:
        """Compute the layer's tops from its bottoms, which are among `blobs`."""
        ...


class Moved:
    """A Split: its tops are its bottom."""

    key = b"moved"

    def __init__(self, layer: Layer) -> None:
        self._layer = layer

    def run(self, blobs: Arrays) -> tuple[Blob, ...]:
        """See `Step`."""
        bottom = blobs[self._layer.bottoms[0]]
        return (Blob(bottom.array, bottom.scale, "moved"),) * len(self._layer.tops)


class InNcnn:
    """A layer that ncnn computes."""

    def __init__(
        self,
        layer: Layer,
        weights: tuple[Weight, ...],
        key: bytes = b"ncnn float",
        top_scale: np.float32 | None = None,
    ) -> None:
        self.key = key
        self._layer = layer
        self._weights = weights
        self._top_scale = top_scale

    @cached_property
    def _single(self) -> SingleLayer:
        return SingleLayer(self._layer, self._weights)

    def run(self, blobs: Arrays) -> tuple[Blob, ...]:
        """See `Step`."""
        tops = self._single.run({name: blobs[name].array for name in self._layer.bottoms})
        return tuple(self._blob(top) for top in tops)

    def _blob(self, top: NDArray[Any]) -> Blob:
        if self._top_scale is None:
            return Blob(top, None, "ncnn float" if self.key == b"ncnn float" else "ncnn int8")
        return Blob(top, float(self._top_scale), "ncnn int8")


class InInt8:
    """A layer of int8 weights: exact integer sums, then float arithmetic as ncnn rounds it.

    out = activation(sum * scale_in + bias), scale_in = 1 / (bottom_scale * weight_scale);
    int8 out = round(out * top_scale).
    """

    def __init__(self, quantized: QuantizedLayer) -> None:
        self._quantized = quantized
        self._layer = quantized.layer
        self._values: Values = values(quantized.layer)
        self._kernel = KERNELS[quantized.layer.type]
        self._kind = self._kernel.kind(self._values)
        self.key = quantized.key

    @cached_property
    def _sums(self) -> Sums:
        return self._kernel.sums(self._values, self._quantized.weight)

    @cached_property
    def _in_ncnn(self) -> InNcnn:
        layer = self._quantized
        return InNcnn(layer.int8_layer, layer.int8_weights, self.key, layer.top_scale)

    def run(self, blobs: Arrays) -> tuple[Blob, ...]:
        """See `Step`."""
        bottom = blobs[self._layer.bottoms[0]]
        if (
            not self._kernel.accepts(self._values, bottom.array.shape)
            or self._values.activation_type > 3
        ):
            return self._in_ncnn.run(blobs)
        quantized = self._quantized
        adds_half = arithmetic().adds_half
        x = bottom.array
        if x.dtype != np.int8:
            rows = x.reshape(1, -1) if x.ndim == 1 else x.reshape(x.shape[0], -1)
            x = to_int8(rows * quantized.bottom_scale, adds_half).reshape(x.shape)
        sums = self._sums(x).astype(np.float32)
        scale_in = np.float32(1) / (quantized.bottom_scale * quantized.weight_scales)
        channels = sums.shape[self._kernel.channel_axis]
        scale_in = np.repeat(scale_in, channels // scale_in.size)
        shape = (-1, 1, 1) if self._kernel.channel_axis == 0 else (-1,)
        scale_in = scale_in.reshape(shape)
        if quantized.bias is None:
            out = sums * scale_in
        else:
            out = multiply_add(
                sums, scale_in, quantized.bias.reshape(shape), arithmetic().rounds_once[self._kind]
            )
        out = self._activate(out)
        if quantized.top_scale is None:
            return (Blob(out, None, "int8 kernel"),)
        vector = self._kind == "convolution"
        q = to_int8((out * quantized.top_scale).reshape(channels, -1), adds_half and vector)
        return (Blob(q.reshape(out.shape), float(quantized.top_scale), "int8 kernel"),)

    def _activate(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        given = self._values.activation_params
        match self._values.activation_type:
            case 1:
                return np.maximum(x, np.float32(0))
            case 2:
                return np.where(x > 0, x, x * np.float32(given[0]))
            case 3:
                return np.minimum(np.maximum(x, np.float32(given[0])), np.float32(given[1]))
        return x

"""Steps: how each layer is computed in a run, prepared once for many inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from workbench.engine import SingleLayer, arithmetic
from workbench.formats.weights import Weight
from workbench.graph import Layer
from workbench.numerics.activation import activation
from workbench.numerics.requantize import Output, quantize_rows
from workbench.numerics.weights import largest_accumulators
from workbench.ops import Values, values
from workbench.ops.kernels import KERNELS, Sums
from workbench.ops.kernels.activation import SIGMOID, bounds_of, layer_of
from workbench.simulation.blob import Blob, Source
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
    """A layer that ncnn computes.

    Args:
        layer: the layer.
        weights: its arrays.
        key: see `Step`.
    """

    def __init__(self, layer: Layer, weights: tuple[Weight, ...], key: bytes) -> None:
        self.key = key
        self._layer = layer
        self._weights = weights
        tops = [weight for weight in weights if weight.name == "top_int8_scales"]
        self._scale = float(tops[0].array[0]) if tops else None
        is_int8 = any(weight.encoding == "int8" for weight in weights)
        self._source: Source = "ncnn int8" if is_int8 else "ncnn float"

    @cached_property
    def _single(self) -> SingleLayer:
        return SingleLayer(self._layer, self._weights)

    def run(self, blobs: Arrays) -> tuple[Blob, ...]:
        """See `Step`."""
        tops = self._single.run({name: blobs[name].array for name in self._layer.bottoms})
        return tuple(Blob(top, self._scale, self._source) for top in tops)


class InInt8:
    """A layer of int8 weights: exact integer sums, then float arithmetic as ncnn rounds it."""

    def __init__(self, quantized: QuantizedLayer) -> None:
        self.key = quantized.key
        self._quantized = quantized
        self._layer = quantized.layer
        self._values: Values = values(quantized.layer)
        self._kernel = KERNELS[quantized.layer.type]
        self._kind = self._kernel.kind(self._values)
        self._most = self._kernel.most(self._values)

    @cached_property
    def _may_overflow(self) -> bool:
        return bool(self._output.largest.max() >= self._most)

    @cached_property
    def _sums(self) -> Sums:
        return self._kernel.sums(self._values, self._quantized.weight)

    @cached_property
    def _in_ncnn(self) -> InNcnn:
        layer = self._quantized
        return InNcnn(layer.int8_layer, layer.int8_weights, self.key)

    @cached_property
    def _scale_in(self) -> NDArray[np.float32]:
        with np.errstate(over="ignore", divide="ignore", under="ignore"):
            product = self._quantized.bottom_scale * self._quantized.weight_scales
            return np.float32(1) / product

    @cached_property
    def _is_sound(self) -> bool:
        """Whether no scale leaves the range of float32, where compilers take liberties."""
        least = np.finfo(np.float32).tiny
        return bool(((self._scale_in >= least) & (self._scale_in < np.inf)).all())

    @cached_property
    def _output(self) -> Output:
        quantized = self._quantized
        groups = quantized.weight.shape[0] // quantized.weight_scales.size
        output = Output(
            scale_in=np.repeat(self._scale_in, groups),
            bias=quantized.bias,
            once=arithmetic().rounds_once[self._kind],
            activation=self._plain_activation,
            clip=(-np.inf, np.inf) if self._activates_int8 else bounds_of(self._values),
            largest=largest_accumulators(quantized.weight).astype(np.float64),
        )
        if quantized.top_scale is None:
            return output
        adds_half = arithmetic().adds_half and self._vectors
        return replace(output, top_scale=float(quantized.top_scale), adds_half=adds_half)

    def _plain_activation(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._activates_int8 or self._activation is not None:
            return x  # comes later
        return activation(x, self._values.activation_type, self._values.activation_params)

    @cached_property
    def _activation(self) -> SingleLayer | None:
        found = layer_of(self._values)
        return SingleLayer(Layer(found[0], "f", ("x",), ("y",), found[1])) if found else None

    @property
    def _activates_int8(self) -> bool:
        """Whether ncnn rounds first, and then applies ReLU to int8."""
        is_relu = self._kind == "depthwise 3x3" and self._values.activation_type == 1
        return is_relu and self._quantized.top_scale is not None

    @property
    def _vectors(self) -> bool:
        """Whether ncnn finishes in vector code, which rounds in its own way."""
        return self._kind == "convolution"

    def run(self, blobs: Arrays) -> tuple[Blob, ...]:
        """See `Step`."""
        bottom = blobs[self._layer.bottoms[0]].array
        if self._is_for_ncnn(bottom.shape):
            return self._in_ncnn.run(blobs)
        sums = np.moveaxis(self._sums(self._quantize(bottom)), self._kernel.channel_axis, 0)
        if self._may_overflow and np.abs(sums).max() >= self._most:
            return self._in_ncnn.run(blobs)
        array = self._finish(sums.reshape(sums.shape[0], -1), sums.shape)
        array = np.moveaxis(array.reshape(sums.shape), 0, self._kernel.channel_axis)
        top_scale = self._quantized.top_scale
        scale = None if top_scale is None else float(top_scale)
        return (Blob(np.ascontiguousarray(array), scale, "int8 kernel"),)

    def _is_for_ncnn(self, shape: tuple[int, ...]) -> bool:
        """Tell whether ncnn must compute it: no kernel takes a blob of this shape, or the wheel
        rounds in an unknown way, or its scalar sigmoid is needed, whose last bits only it knows.
        """
        scalar_sigmoid = self._values.activation_type == SIGMOID and not self._vectors
        known = self._kind in arithmetic().rounds_once and self._is_sound
        return scalar_sigmoid or not known or not self._kernel.accepts(self._values, shape)

    def _quantize(self, x: NDArray[Any]) -> NDArray[np.int8]:
        if x.dtype == np.int8:
            return x
        rows = x.reshape(1 if x.ndim == 1 else x.shape[0], -1)
        adds_half = arithmetic().adds_half
        return quantize_rows(rows, self._quantized.bottom_scale, adds_half).reshape(x.shape)

    def _finish(self, rows: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """Turn sums (channels, n) into the layer's output."""
        gives_int8 = self._quantized.top_scale is not None
        if self._activates_int8:
            return np.maximum(self._output.quantized(rows), 0)
        if gives_int8 and self._activation is None:
            return self._output.quantized(rows)
        real = self._output.real(rows)
        if self._activation is not None:
            # ncnn's scalar code is met in a blob of one element for each channel
            x = real.reshape(shape if self._vectors else (-1, 1, 1))
            real = self._activation.run({"x": x})[0].reshape(rows.shape)
        return self._output.rounded(real) if gives_int8 else real

"""Steps of the integer schemes: each layer with its bottoms brought to where it computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.graph import Layer
from workbench.model import Model
from workbench.numerics.affine import quantize
from workbench.numerics.fixed_point import OverflowCounter, multiplier8
from workbench.ops.integer.entering import enter_by_shift
from workbench.ops.integer.rescaling import prepare_change, rescaled
from workbench.simulation.blob import Blob
from workbench.simulation.blob import Scale as BlobScale
from workbench.simulation.integer.arithmetic import Arithmetic
from workbench.simulation.integer.ops import Compute, prepare, unable
from workbench.simulation.integer.propagation import propagate
from workbench.simulation.integer.q18 import SCALE, prepare_units, propagate_units, to_units
from workbench.simulation.integer.scales import LayerScales, Scale
from workbench.simulation.integer.weighted import Weighted
from workbench.simulation.quantized import QuantizedLayer
from workbench.simulation.steps import Arrays, InNcnn, Moved, Step
from workbench.simulation.storage import stored_weights

Array = NDArray[Any]


class Entry:
    """Brings a bottom to the scale in which a layer takes it.

    Args:
        have: the scale of the blob, None if it is float.
        need: the scale to bring it to, None for float.
        arithmetic: how.
    """

    def __init__(self, have: Scale, need: Scale, arithmetic: Arithmetic) -> None:
        self._have, self._need, self._how = have, need, arithmetic

    @cached_property
    def _bring(self) -> Callable[[Blob, OverflowCounter], Array]:
        if self._need is None:
            return lambda blob, counter: blob.real
        change = prepare_change(self._have, self._need, self._how.flavour, self._how.bits)
        if change is None:
            return lambda blob, counter: blob.array
        return lambda blob, counter: rescaled(blob.array, change, 0, counter)

    def _quantize(self, blob: Blob, counter: OverflowCounter) -> Array:
        assert self._need is not None
        if self._need[0] == SCALE:
            return to_units(blob.array)
        if self._how.flavour == "floor" and self._need.size == 1:
            return enter_by_shift(blob.array, multiplier8(self._need[0], self._how.bits), counter)
        return quantize(blob.array, self._need.reshape(-1, *[1] * (blob.array.ndim - 1)))

    def bring(self, blob: Blob, counter: OverflowCounter) -> Array:
        """Return int8 in the scale that is needed, or float32.

        A float blob is quantized also where an int8 one is expected, so that a layer can be
        asked what it makes of a float network's blobs.
        """
        if blob.scale is None and self._need is not None:
            return self._quantize(blob, counter)
        return self._bring(blob, counter)


class InIntegers:
    """A layer that computes in integers.

    Args:
        scales: what it takes and gives.
        have: scales of its bottoms.
        key: see `Step`.
        compute: from the bottoms as they are taken to the tops; gives float32 where the top
            has no scale.
        arithmetic: how tops are brought to the scales of their readers, where they leave.
    """

    def __init__(
        self,
        scales: LayerScales,
        have: Sequence[Scale],
        key: bytes,
        compute: Callable[[Sequence[Array], OverflowCounter], Sequence[Array]],
        arithmetic: Arithmetic,
    ) -> None:
        self.key = key
        self._scales, self._how, self._compute = scales, arithmetic, compute
        self._blobs = [
            partial(Blob, scale=as_blob_scale(scale), source="integers") for scale in scales.tops
        ]
        self._entries = [
            Entry(*pair, arithmetic) for pair in zip(have, scales.entries, strict=True)
        ]

    @cached_property
    def _exits(self) -> list[Any]:
        moved = self._scales.moved or self._scales.tops
        return [
            None if before is None or after is None
            else prepare_change(before, after, self._how.flavour, self._how.bits)
            for before, after in zip(moved, self._scales.tops, strict=True)
        ]  # fmt: skip

    def run(self, blobs: Arrays) -> tuple[Blob, ...]:
        """See `Step`."""
        counter = OverflowCounter(self._how.overflow_wraps)
        bottoms = [
            entry.bring(blobs[name], counter)
            for entry, name in zip(self._entries, self._scales.layer.bottoms, strict=True)
        ]
        tops = self._compute(bottoms, counter)
        leaving = [
            x if change is None else rescaled(x, change, 0, counter)
            for x, change in zip(tops, self._exits, strict=True)
        ]
        return tuple(
            blob(np.ascontiguousarray(x), overflows=counter.overflows)
            for blob, x in zip(self._blobs, leaving, strict=True)
        )


class Dequantized:
    """A layer that ncnn computes in float, from bottoms that may be int8."""

    def __init__(self, layer: Layer, inner: InNcnn, have: Sequence[Scale]) -> None:
        self.key = inner.key + key_of(have)
        self._layer, self._inner = layer, inner

    def run(self, blobs: Arrays) -> tuple[Blob, ...]:
        """See `Step`."""
        bottoms = {
            name: Blob(blobs[name].real, None, blobs[name].source) for name in self._layer.bottoms
        }
        return self._inner.run(bottoms)


class IntegerNetwork:
    """What the layers of a network are in an integer scheme.

    Args:
        model: the float network.
        quantized: its layers of int8 weights, by name.
        arithmetic: how to multiply and round.

    Attributes:
        propagation: the scales of all blobs.
    """

    def __init__(
        self, model: Model, quantized: Mapping[str, QuantizedLayer], arithmetic: Arithmetic
    ) -> None:
        self._model, self._quantized, self._how = model, quantized, arithmetic
        scales = {name: float(layer.bottom_scale) for name, layer in quantized.items()}
        self._units = arithmetic.activations == "int32"
        if self._units:
            self.propagation = propagate_units(model.graph, scales)
        else:
            rules = arithmetic.rules
            self.propagation = propagate(model.graph, scales, rules, unable=self._unable)

    def _unable(self, layer: Layer) -> str:
        return "" if layer.name in self._quantized else unable(layer)

    def step(self, layer: Layer) -> Step:
        """Prepare a layer; what is float stays with ncnn."""
        scales = self.propagation.layers[layer.name]
        have = [self.propagation[blob].scale for blob in layer.bottoms]
        if not scales.integer:
            if layer.type == "Split":
                return Moved(layer)
            weights = stored_weights(self._model, layer)
            return Dequantized(layer, InNcnn(layer, weights, b"ncnn float16"), have)
        key = self._how.key + key_of([*have, *scales.entries, *scales.moved, *scales.tops])
        if layer.name in self._quantized:
            key += self._quantized[layer.name].key
        return InIntegers(scales, have, key, self._compute(scales), self._how)

    def _compute(self, scales: LayerScales) -> Compute:
        layer = scales.layer
        if layer.name in self._quantized:
            weighted = Weighted(self._quantized[layer.name], scales.tops[0], self._how)
            return lambda bottoms, counter: (weighted.run(bottoms[0], counter),)
        if self._units:
            return prepare_units(layer)
        slopes = self._model.weight(layer.name, "slope") if layer.type == "PReLU" else None
        return prepare(scales, slopes, self._how)


def key_of(scales: Sequence[Scale]) -> bytes:
    """Equal for equal scales."""
    return b"".join(b"float;" if scale is None else scale.tobytes() + b";" for scale in scales)


def as_blob_scale(scale: Scale) -> BlobScale | None:
    """Return a number where one scale is that of the whole blob."""
    if scale is None:
        return None
    return float(scale[0]) if (scale == scale[0]).all() else scale

"""Convolutions and inner products in integers: exact sums, then requantization or floats."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import GraphError
from workbench.graph import Layer
from workbench.numerics.activation import activation
from workbench.numerics.affine import quantize
from workbench.numerics.fixed_point import (
    OverflowCounter,
    Rescale,
    multiplier8,
    prepare_rescale,
    ratios,
    to_int32,
)
from workbench.numerics.weights import largest_accumulators
from workbench.ops import OPS, Values, values
from workbench.ops.activation import ACTIVATIONS
from workbench.ops.integer.requantizing import (
    Requantization,
    prepare_requantization,
    requantize,
)
from workbench.ops.kernels import KERNELS, Sums
from workbench.ops.scale_rules import ScaleRule
from workbench.simulation.integer.arithmetic import Arithmetic
from workbench.simulation.integer.ops import held, limits
from workbench.simulation.integer.q18 import SCALE, activated
from workbench.simulation.integer.quick import Quick, quick
from workbench.simulation.integer.tabulated import prepare_tables, tabulated
from workbench.simulation.quantized import QuantizedLayer

Array = NDArray[Any]
Scale = NDArray[np.float32]
Finish = Callable[[Array], Array]

_NONE, _RELU, _LEAKY, _CLIP = range(4)


class Weighted:
    """One layer of int8 weights.

    Args:
        quantized: the layer with its weights.
        top_scale: float32, one or (channels,); None for a float top.
        arithmetic: how to multiply and round.
    """

    def __init__(
        self, quantized: QuantizedLayer, top_scale: Scale | None, arithmetic: Arithmetic
    ) -> None:
        self._quantized, self._top_scale, self._how = quantized, top_scale, arithmetic
        self._values = _bordered(quantized)
        self._kernel = KERNELS[quantized.layer.type]

    def run(self, x: NDArray[np.int8], counter: OverflowCounter) -> Array:
        """Compute int8, or float32 where there is no top scale."""
        if x.ndim != 1 and not self._kernel.accepts(self._values, x.shape):
            raise GraphError(
                f"its input has the shape {x.shape}, which it cannot take in integers",
                where=f"layer {self._quantized.layer.name}",
                advice="Keep the layer in float.",
            )
        vector = x.ndim == 1 and self._kernel.channel_axis == 0
        # the kernel holds exact integers in floats, for the sake of its matrix products
        sums = self._sums(x[:, None, None] if vector else x).astype(np.int32)
        sums = sums.reshape(-1) if vector else sums
        axis = self._kernel.channel_axis % sums.ndim
        if self._top_scale is None:
            return self._real(sums, axis, counter)
        if self._how.activations == "int32":
            return self._units(sums, axis, counter)
        if self._quick and axis == 0:
            levels = self._quick.run(sums.reshape(sums.shape[0], -1)).reshape(sums.shape)
        else:
            levels = requantize(sums, self._requantization, axis, counter)
        return self._activate(levels)

    @cached_property
    def _quick(self) -> Quick | None:
        return quick(self._requantization, largest_accumulators(self._quantized.weight))

    @cached_property
    def _sums(self) -> Sums:
        return self._kernel.sums(self._values, self._quantized.weight)

    @cached_property
    def _requantization(self) -> Requantization:
        return requantization(self._quantized, self._made_in, self._how)

    @cached_property
    def _made_in(self) -> Scale:
        assert self._top_scale is not None
        return made_in(self._values, self._top_scale)

    @cached_property
    def _activate(self) -> Finish:
        kind, top = self._values.activation_type, self._top_scale
        assert top is not None
        if kind == _NONE:
            return lambda x: x
        if kind == _RELU:
            return lambda x: np.maximum(x, np.int8(0))
        if kind == _CLIP:
            least, most = self._values.activation_params[:2]
            low, high = limits(least, most, top, self._how)
            return lambda x: held(x, low, high)
        name, params = activation_layer(self._values)
        tables = prepare_tables(name, params, None, self._made_in, top)
        return lambda x: tabulated(x, tables)

    def _units(self, sums: NDArray[np.int32], axis: int, counter: OverflowCounter) -> Array:
        """Multiply sums with their bias back to units of 2^-18."""
        x = self._to_units.apply(to_int32(self._with_bias(sums, axis, counter)), axis, counter)
        return activated(x, self._values.activation_type, self._values.activation_params)

    @cached_property
    def _to_units(self) -> Rescale:
        real = ratios(SCALE, self._quantized.channel_scales, self._quantized.bottom_scale)
        return prepare_rescale(real, self._how.flavour, self._how.bits)

    def _real(self, sums: NDArray[np.int32], axis: int, counter: OverflowCounter) -> Array:
        """Turn sums with their bias into floats, the last step of the integer network."""
        scale = self._quantized.channel_scales * self._quantized.bottom_scale
        wide, shape = self._with_bias(sums, axis, counter), _laid(sums.ndim, axis)
        if self._how.shifts:
            multiplier = multiplier8(np.float32(1) / scale, self._how.bits)
            product = counter.hold(wide * multiplier.e.reshape(shape))
            real = np.ldexp(product.astype(np.float32), -multiplier.f)
        else:
            real = (wide / scale.astype(np.float64).reshape(shape)).astype(np.float32)
        return activation(real, self._values.activation_type, self._values.activation_params)

    def _with_bias(
        self, sums: NDArray[np.int32], axis: int, counter: OverflowCounter
    ) -> NDArray[np.int64]:
        wide, bias = sums.astype(np.int64), self._quantized.bias_units
        if bias is not None:
            wide = wide + bias.astype(np.int64).reshape(_laid(sums.ndim, axis))
        return counter.hold(wide)


def requantization(
    quantized: QuantizedLayer, made_in: Scale, arithmetic: Arithmetic
) -> Requantization:
    """From the sums of a layer to the scale `made_in`."""
    return prepare_requantization(
        quantized.channel_scales,
        quantized.bottom_scale,
        made_in,
        quantized.bias,
        flavour=arithmetic.flavour,
        bits=arithmetic.bits,
        bias_after=arithmetic.bias_after,
    )


def made_in(given: Values, top_scale: Scale) -> Scale:
    """The scale before a fused activation, behind which it is `top_scale`."""
    rule = activation_rule(given)
    if rule is None:
        return top_scale
    return np.array([rule.need(float(scale)) for scale in top_scale], np.float32)


def _laid(axes: int, axis: int) -> list[int]:
    """The shape in which the numbers of the channels lie along an axis."""
    return [-1 if i == axis else 1 for i in range(axes)]


def _bordered(quantized: QuantizedLayer) -> Values:
    """The layer's parameters, the value of its border as a level of the bottom's scale."""
    given = values(quantized.layer)
    if not given.get("pad_value", 0):
        return given
    level = quantize(np.array([given.pad_value], np.float32), quantized.bottom_scale)
    return Values({**given, "pad_value": float(level[0])})


def activation_layer(given: Values) -> tuple[str, Values]:
    """Return the layer type and parameters that a fused activation stands for."""
    name = ACTIVATIONS[given.activation_type]
    params = list(given.activation_params)
    if name == "LeakyReLU":
        return "ReLU", values(Layer("ReLU", "f", ("x",), ("y",), {0: params[0]}))
    type = {"Mish": "Mish", "Sigmoid": "Sigmoid", "HardSwish": "HardSwish"}[name]
    numbers = dict(enumerate(params)) if type == "HardSwish" else {}
    return type, values(Layer(type, "f", ("x",), ("y",), numbers))


def activation_rule(given: Values) -> ScaleRule | None:
    """Return how the scale before a fused activation follows from that behind it.

    None: it is the same.
    """
    if given.activation_type in (_NONE, _RELU, _CLIP):
        return None
    type, params = activation_layer(given)
    rule = OPS[type].scale_rule(params)
    return rule if isinstance(rule, ScaleRule) and rule.relation == "rescaled" else None

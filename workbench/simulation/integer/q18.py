"""The int32 whole shift: blobs are int32 in units of 2^-18, in every layer the same.

A convolution quantizes its bottom from these units to int8, and multiplies its sums straight
back to them: out = (sum + bias) * E >> F. Nothing between convolutions needs a scale.

Source: the document of the full-int8 fork of ncnn, "int32 whole shift"; xieydd/ncnn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.graph import Graph, Layer
from workbench.numerics.fixed_point import OverflowCounter, prepare_rescale, to_int32
from workbench.numerics.rounding import round_half_away
from workbench.ops import Values, values
from workbench.ops.activation import ACTIVATIONS
from workbench.ops.elementwise import BINARY, ELTWISE
from workbench.ops.integer.bordering import pad
from workbench.ops.integer.moves import MOVES
from workbench.ops.integer.moving import concat, cut
from workbench.ops.integer.pooling import divide, pool, sums_and_areas
from workbench.simulation.integer.scales import BlobScale, LayerScales, Propagation
from workbench.simulation.integer.wishes import rule_of

Array = NDArray[Any]
Compute = Callable[[Sequence[Array], OverflowCounter], Sequence[Array]]
Unit = Callable[[Sequence[Array], OverflowCounter], Array]

SCALE = float(1 << 18)
_HALF = 16
_RELU, _LEAKY, _CLIP = 1, 2, 3
_WHY = "int32 in units of 2^-18, as every blob of this scheme"


def to_units(real: Any) -> NDArray[np.int32]:
    """Round real numbers to units: int32, saturated."""
    units = round_half_away(np.asarray(real, np.float64) * SCALE)
    return to_int32(np.clip(units, -(2.0**40), 2.0**40).astype(np.int64))


def propagate_units(graph: Graph, scales: Mapping[str, float]) -> Propagation:
    """Tell which blobs are int32, and in which scale each layer takes them.

    Args:
        graph: the network.
        scales: bottom scale of each layer of int8 weights, by name.
    """
    unit = np.array([SCALE], np.float32)
    blobs: dict[str, BlobScale] = {}
    layers: dict[str, LayerScales] = {}
    for layer in graph.layers:
        why = _why_float(layer, scales, blobs)
        top_why = why or _why_float_top(layer, scales)
        scale = None if why else unit
        entry = np.array([scales[layer.name]], np.float32) if layer.name in scales else scale
        given = None if top_why else unit
        entries, tops = (entry,) * len(layer.bottoms), (given,) * len(layer.tops)
        layers[layer.name] = LayerScales(layer, not why, why, entries, tops)
        says = f"float: {top_why}" if top_why else _WHY
        blobs |= {top: BlobScale(top, given, says) for top in layer.tops}
    return Propagation(graph, MappingProxyType(blobs), MappingProxyType(layers))


def _why_float(layer: Layer, scales: Mapping[str, float], blobs: Mapping[str, BlobScale]) -> str:
    if layer.name in scales:
        return ""
    if layer.type == "Input":
        return "it is fed from outside, in float"
    rule = rule_of(layer)
    if isinstance(rule, str):
        return rule
    if rule.relation == "free":
        return f"{layer.name} is kept in float"
    if all(blobs[blob].scale is None for blob in layer.bottoms):
        return f"all that {layer.name} reads is float"
    known = layer.type in PREPARERS and PREPARERS[layer.type](values(layer), 1) is not None
    return "" if known else f"{layer.type} has no arithmetic in int32"


def _why_float_top(layer: Layer, scales: Mapping[str, float]) -> str:
    kind = values(layer).activation_type if layer.name in scales else 0
    return f"its activation {ACTIVATIONS[kind]} has no arithmetic in int32" if kind > _CLIP else ""


def prepare_units(layer: Layer) -> Compute:
    """Prepare a layer without int8 weights, which `propagate_units` finds in int32."""
    found = PREPARERS[layer.type](values(layer), len(layer.tops))
    if found is None:
        raise ValueError(f"{layer.type} {layer.name} has no arithmetic in int32")
    return found


def activated(x: Array, kind: int, params: Sequence[float]) -> Array:
    """Apply no activation, a ReLU, a leaky one or a Clip (types 0 to 3) to units."""
    if kind == _RELU:
        return np.maximum(x, 0)
    if kind == _LEAKY:
        return np.where(x < 0, _times(x, params[0]), x)
    return x if kind == 0 else x.clip(to_units(params[0]), to_units(params[1]))


def _times(x: Array, factor: float) -> Array:
    if factor == 0:
        return np.zeros_like(x)
    return to_int32(prepare_rescale(abs(factor)).apply(x).astype(np.int64) * int(np.sign(factor)))


def _one(unit: Unit) -> Callable[[Values, int], Compute]:
    return lambda values, tops: lambda bottoms, counter: (unit(bottoms, counter),)


def _moving(move: Callable[[Values, Array], Array]) -> Callable[[Values, int], Compute]:
    return lambda values, tops: lambda bottoms, counter: (move(values, bottoms[0]),)


def _split(values: Values, tops: int) -> Compute:
    return lambda bottoms, counter: (bottoms[0],) * tops


def _slice(values: Values, tops: int) -> Compute:
    return lambda bottoms, counter: cut(values, bottoms[0], tops)


def _concat(values: Values, tops: int) -> Compute:
    return lambda bottoms, counter: (concat(values, bottoms),)


def _pad(values: Values, tops: int) -> Compute:
    level: Array = np.atleast_1d(to_units(values.value))
    return lambda bottoms, counter: (pad(values, bottoms[0], level),)


def _relu(values: Values, x: Array) -> Array:
    return activated(x, _LEAKY if values.slope else _RELU, (values.slope,))


def _clip(values: Values, x: Array) -> Array:
    return activated(x, _CLIP, (values.min, values.max))


def _pool(values: Values, tops: int) -> Compute:
    if values.pooling_type:
        return lambda bottoms, counter: (_mean(values, bottoms[0], counter),)
    return lambda bottoms, counter: (_maximum(values, bottoms[0]),)


def _maximum(values: Values, x: Array) -> Array:
    """The border of a maximum is -127: below everything once the least is taken off."""
    least = int(x.min())
    above: Array = x.astype(np.int64) - least
    return (pool(values, above).astype(np.int64) + least).astype(np.int32)


def _mean(values: Values, x: Array, counter: OverflowCounter) -> Array:
    """Sum the upper and the lower halves of the numbers, each of which fits in int32."""
    image = x if x.ndim == 3 else x[None]
    upper, areas = sums_and_areas(values, image >> _HALF)
    lower, _ = sums_and_areas(values, image & (1 << _HALF) - 1)
    return divide(counter.hold((upper.astype(np.int64) << _HALF) + lower), areas)


def _weighted(weights: Sequence[float]) -> Unit:
    def unit(bottoms: Sequence[Array], counter: OverflowCounter) -> Array:
        terms = [
            (x if w == 1 else _times(x, w)).astype(np.int64)
            for x, w in zip(bottoms, weights, strict=True)
        ]
        return to_int32(counter.hold(reduce(_stretched(np.add), terms)))

    return unit


def _stretched(of: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """Let blobs of fewer axes stretch over the others, from the first axis on."""

    def combine(left: Array, right: Array) -> Array:
        short, long = sorted((left, right), key=lambda x: x.ndim)
        if short.ndim in (0, long.ndim):
            return of(left, right)
        ones = (1,) * (long.ndim - short.ndim)
        first = short.ndim > 1 or short.shape[0] == long.shape[0]
        laid = short.reshape((*short.shape, *ones) if first else (*ones, *short.shape))
        return of(laid, right) if short is left else of(left, laid)

    return combine


def _product(bottoms: Sequence[Array], counter: OverflowCounter) -> Array:
    def times(left: Array, right: Array) -> Array:
        wide = left.astype(np.int64) * right.astype(np.int64)
        return counter.hold((wide + (1 << 17)) >> 18)

    return to_int32(reduce(_stretched(times), bottoms))


def _extreme(of: Callable[[Array, Array], Array]) -> Unit:
    return lambda bottoms, counter: reduce(_stretched(of), bottoms)


_TWO: Mapping[str, Unit] = {
    "add": _weighted((1, 1)),
    "sub": _weighted((1, -1)),
    "rsub": _weighted((-1, 1)),
    "mul": _product,
    "max": _extreme(np.maximum),
    "min": _extreme(np.minimum),
}


def _binary(values: Values, tops: int) -> Compute | None:
    name = BINARY[values.op_type]
    if not values.with_scalar:
        return _one(_TWO[name])(values, tops) if name in _TWO else None
    number = to_units(values.b)
    if name in ("add", "sub", "rsub", "max", "min"):
        return lambda bottoms, counter: (_TWO[name]((bottoms[0], number), counter),)
    factor = {"mul": values.b, "div": 1 / values.b if values.b else 0.0}.get(name)
    return None if factor is None else lambda bottoms, counter: (_times(bottoms[0], factor),)


def _eltwise(values: Values, tops: int) -> Compute:
    match ELTWISE[values.op_type]:
        case "prod":
            return _one(_product)(values, tops)
        case "sum":
            return lambda bottoms, counter: (
                _weighted(values.coeffs or (1,) * len(bottoms))(bottoms, counter),
            )
    return _one(_extreme(np.maximum))(values, tops)


PREPARERS: Mapping[str, Callable[[Values, int], Compute | None]] = MappingProxyType(
    {
        "Split": _split,
        "Slice": _slice,
        "Concat": _concat,
        **{type: _moving(move) for type, move in MOVES.items()},
        "Dropout": _moving(lambda values, x: x if values.scale == 1 else _times(x, values.scale)),
        "AbsVal": _moving(lambda values, x: to_int32(np.abs(x.astype(np.int64)))),
        "Padding": _pad,
        "Pooling": _pool,
        "ReLU": _moving(_relu),
        "Clip": _moving(_clip),
        "BinaryOp": _binary,
        "Eltwise": _eltwise,
    }
)

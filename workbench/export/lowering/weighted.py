"""Convolutions and inner products as integer operations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.export.lowering.records import StoredBlob
from workbench.export.lowering.site import Site, bounds, laid, multipliers
from workbench.numerics.affine import quantize
from workbench.numerics.rounding import LIMIT
from workbench.ops import values
from workbench.ops.kernels.convolution import border
from workbench.ops.window import extent
from workbench.simulation.integer.arithmetic import Arithmetic
from workbench.simulation.integer.ops import limits
from workbench.simulation.integer.tabulated import prepare_tables
from workbench.simulation.integer.weighted import (
    activation_layer,
    activation_rule,
    made_in,
    requantization,
)
from workbench.simulation.quantized import QuantizedLayer

Array = NDArray[Any]
_NONE, _RELU, _CLIP = 0, 1, 3
_INT32 = (1 << 31) - 1


def lower_weighted(site: Site, quantized: QuantizedLayer, how: Arithmetic) -> None:
    """Lower a layer of int8 weights; a top of int32 gets the sums with their bias.

    Raises:
        GraphError: its sums might leave int32, or its blob has a shape that it does not know.
    """
    numbers, kind = _geometry(site, quantized)
    weight = quantized.weight.reshape(quantized.weight.shape[0], -1)
    units = quantized.bias_units
    most = (LIMIT + 1) * np.abs(weight.astype(np.int64)).sum(1)
    top = site.tops[0]
    if top.dtype == "int32" and units is not None:
        most = most + np.abs(units.astype(np.int64))
    if most.max() > _INT32:
        raise site.refuse("its sums might not fit in 32 bits")
    arrays: dict[str, Array] = {"weight": weight}
    if top.dtype == "int32":
        site.emit(f"{kind}_sums", site.bottoms, top, numbers, _with(arrays, "bias", units))
        return
    _int8(site, quantized, how, numbers, arrays, kind)


def _int8(
    site: Site,
    quantized: QuantizedLayer,
    how: Arithmetic,
    numbers: dict[str, int],
    arrays: dict[str, Array],
    kind: str,
) -> None:
    given, top = values(quantized.layer), site.tops[0]
    made = made_in(given, top.scale)
    prepared = requantization(quantized, made, how)
    factors, each = multipliers(prepared.rescale)
    arrays = _with(_with(arrays | factors, "bias", prepared.before), "late_bias", prepared.after)
    ends, ends_each = _bounds(given, top, how)
    numbers = numbers | each | ends_each
    if numbers.get("rows", 1) > 1 and (activation_rule(given) or numbers["bounds_each"]):
        raise site.refuse("rows with an activation that differs by channel have no operation")
    if given.activation_type in (_NONE, _RELU, _CLIP):
        site.emit(kind, site.bottoms, top, numbers, arrays | ends)
        return
    name, params = activation_layer(given)
    table = prepare_tables(name, params, None, made, top.scale)
    before = site.between("before its activation", top, made)
    site.emit(kind, site.bottoms, before, numbers, arrays | ends)
    each = {"table_each": table.shape[0] > 1}
    site.emit("lookup", [before], top, laid(top.shape) | each, {"table": table})


def _bounds(
    given: Any, top: StoredBlob, how: Arithmetic
) -> tuple[dict[str, Array], dict[str, int]]:
    """The fused activation, where it only bounds, and the range of int8."""
    low, high = np.array([-LIMIT]), np.array([LIMIT])
    if given.activation_type == _RELU:
        low = np.array([0])
    if given.activation_type == _CLIP:
        least, most = given.activation_params[:2]
        low, high = limits(least, most, top.scale, how)
    return bounds(low, high)


def _geometry(site: Site, quantized: QuantizedLayer) -> tuple[dict[str, int], str]:
    given, bottom = values(quantized.layer), site.bottoms[0].shape
    outputs = quantized.weight.shape[0]
    inputs = quantized.weight.size // outputs
    if quantized.layer.type == "InnerProduct":
        rows = bottom[0] if len(bottom) == 2 and bottom[1] == inputs else 1
        return {"rows": rows, "inputs": inputs, "outputs": outputs}, "inner_product"
    if len(bottom) not in (1, 3):
        raise site.refuse(f"its input of {len(bottom)} axes is no image")
    channels, height, width = bottom if len(bottom) == 3 else (bottom[0], 1, 1)
    above, below, left, right = border(given, (height, width))
    level = quantize(np.array([given.get("pad_value", 0)], np.float32), quantized.bottom_scale)
    names = [f"{name}_{a}" for name in ("kernel", "stride", "dilation") for a in "hw"]
    return {
        "in_channels": channels,
        "in_h": height,
        "in_w": width,
        "out_channels": outputs,
        "out_h": (height + above + below - extent(given, "h")) // given.stride_h + 1,
        "out_w": (width + left + right - extent(given, "w")) // given.stride_w + 1,
        "groups": given.get("group", 1),
        **{name: given[name] for name in names},
        "pad_top": above,
        "pad_left": left,
        "pad_level": int(level[0]),
    }, "convolution"


def _with(arrays: dict[str, Array], name: str, array: Array | None) -> dict[str, Array]:
    return arrays if array is None else arrays | {name: array}

"""How ncnn's converter stores the weights that stay float: in half precision.

Source: Tencent/ncnn, tools/modelwriter.h (fwrite_weight_tag_data, fwrite_weight_data),
src/layer/x86/cast_fp16.h, src/mat.cpp (float32_to_float16).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.formats.weights import Weight
from workbench.graph import Layer
from workbench.model import Model

Floats = NDArray[np.float32]

_AS_THEY_ARE = ("int8", "packed")
_AT_ONCE = 4
_LEAST_NORMAL = 2.0**-14
_TOO_LARGE = 65520
_TOO_SMALL = 1e-30


def stored_weights(model: Model, layer: Layer) -> tuple[Weight, ...]:
    """Return the arrays of a layer that stays float, as the converter writes them."""
    arrays = model.weights.get(layer.name, ())
    return arrays if layer.type == "MemoryData" else tuple(map(stored, arrays))


def stored(weight: Weight) -> Weight:
    """Return an array as the converter writes it.

    Tagged floats become float16; raw ones (biases, scales, statistics) stay float32, and what
    is smaller than 1e-30 becomes 0. An array with numbers beyond float16, for which the
    converter would write infinity, is kept as it is.
    """
    if weight.encoding in _AS_THEY_ARE or exceeds_half(weight):
        return weight
    if weight.encoding == "raw":
        return Weight.of(weight.name, without_tiny(weight.array))
    return Weight.of(weight.name, to_half_precision(weight.array), "float16")


def exceeds_half(weight: Weight) -> bool:
    """Tell whether an array should become float16, but has numbers too large for it."""
    if weight.encoding in (*_AS_THEY_ARE, "raw"):
        return False
    return bool(np.abs(weight.array).max(initial=0) >= _TOO_LARGE)


def to_half_precision(array: Floats) -> Floats:
    """Round to numbers that float16 can hold, just as ncnn does.

    ncnn takes four and more at a time, to the nearest, ties to even. What is left over in the
    end goes another way: ties away from zero, and below 2^-14 everything to 0.

    Args:
        array: float32, flat, below 65520.

    Returns:
        float32, same shape.
    """
    end = array.size - array.size % _AT_ONCE
    return np.concatenate([array[:end].astype(np.float16), _one_by_one(array[end:])], dtype="f4")


def _one_by_one(rest: Floats) -> Floats:
    rounded = (rest.view(np.uint32) + np.uint32(0x1000) & np.uint32(0xFFFFE000)).view(np.float32)
    return np.where(np.abs(rest) < _LEAST_NORMAL, np.copysign(np.float32(0), rest), rounded)


def without_tiny(array: Floats) -> Floats:
    """Return the array with 0 for what is smaller than 1e-30."""
    tiny = (np.abs(array) < _TOO_SMALL) & (array != 0)
    return np.where(tiny, np.float32(0), array)

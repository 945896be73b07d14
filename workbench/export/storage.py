"""How ncnn's converter stores the weights that stay float: in half precision.

Source: Tencent/ncnn, tools/modelwriter.h (fwrite_weight_tag_data, fwrite_weight_data),
src/layer/x86/cast_fp16.h, src/mat.cpp (float32_to_float16).
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchWarning
from workbench.formats.weights import Weight

Floats = NDArray[np.float32]

_AS_THEY_ARE = ("int8", "packed")
_AT_ONCE = 4
_LEAST_NORMAL = 2.0**-14
_TOO_LARGE = 65520
_TOO_SMALL = 1e-30


def stored(weight: Weight) -> Weight:
    """Return an array as the converter writes it.

    Tagged floats become float16; raw ones (biases, scales, statistics) stay float32, and what
    is smaller than 1e-30 becomes 0.

    Args:
        weight: an array of a layer that stays float, or a bias.

    Returns:
        The array. One with numbers beyond float16, for which the converter would write
        infinity, is kept as it is, with a warning.
    """
    if weight.encoding in _AS_THEY_ARE:
        return weight
    if weight.encoding == "raw":
        return Weight.of(weight.name, _without_tiny(weight.array))
    if np.abs(weight.array).max(initial=0) >= _TOO_LARGE:
        about = f"{weight.name} has numbers beyond float16 and stays {weight.encoding}."
        warnings.warn(about, WorkbenchWarning, stacklevel=3)
        return weight
    return Weight.of(weight.name, to_half_precision(weight.array), "float16")


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


def _without_tiny(array: Floats) -> Floats:
    tiny = (np.abs(array) < _TOO_SMALL) & (array != 0)
    return np.where(tiny, np.float32(0), array)

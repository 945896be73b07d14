"""Padding: a border of one value, of the edge, or of the mirrored inside.

Source: Tencent/ncnn, src/layer/padding.cpp. There, and in the fork, the value is cast to int8 as
it is; here it is a level of the blob's scale.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import GraphError
from workbench.numerics.affine import quantize
from workbench.ops.op import Values

Int8 = NDArray[np.int8]

_CONSTANT = 0
_MODES = {1: "edge", 2: "reflect"}

# --- offline ---


def prepare_border(value: Any, scale: Any) -> Int8:
    """Turn the value of a border into a level: int8 (1,), or (channels with their border,).

    Args:
        value: real units: `value`, or the layer's per_channel_pad array.
        scale: float32 of the blob.
    """
    level = np.atleast_1d(quantize(np.asarray(value, np.float32), np.float32(scale)))
    level.setflags(write=False)
    return level


# --- runtime ---


def pad(values: Values, x: NDArray[Any], level: Int8) -> NDArray[Any]:
    """Put a border around a blob.

    Args:
        values: of a Padding; front and behind are channels.
        x: int8, (c, h, w), (h, w) or (w,).
        level: what the border holds, by `prepare_border`.

    Raises:
        GraphError: the border is negative, or the blob has four axes.
    """
    pairs = [
        (values.front, values.behind),
        (values.top, values.bottom),
        (values.left, values.right),
    ]
    borders = pairs[-x.ndim :]
    if x.ndim > 3 or min(min(pair) for pair in borders) < 0:
        raise GraphError(f"a border of {borders} around a blob of shape {x.shape} is not known")
    if values.type != _CONSTANT:
        return np.pad(x, borders, mode=_MODES[values.type])  # type: ignore[call-overload, no-any-return]
    shape = [a + n + b for (a, b), n in zip(borders, x.shape, strict=True)]
    result = np.empty(shape, x.dtype)
    result[...] = level.reshape(-1, *[1] * (x.ndim - 1))
    result[tuple(slice(a, a + n) for (a, _), n in zip(borders, x.shape, strict=True))] = x
    return result

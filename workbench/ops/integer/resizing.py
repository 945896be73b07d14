"""RUNTIME: Interp by the nearest element. Where an element comes from does not depend on it.

Source: Tencent/ncnn, src/layer/interp.cpp.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import GraphError
from workbench.ops.op import Values

_NEAREST = 1


def nearest(values: Values, x: NDArray[Any], reference: NDArray[Any] | None = None) -> NDArray[Any]:
    """Resize the last two axes (of a matrix only the last): element i is that at int(i * step).

    A vector becomes an image for each of its elements.

    Args:
        values: of an Interp.
        x: any dtype, (c, h, w), (h, w) or (w,).
        reference: the second bottom, whose height and width are taken.

    Raises:
        GraphError: it is not by the nearest element, or the size is an expression.
    """
    if values.size_expr or (values.resize_type != _NEAREST and x.ndim > 1):
        raise GraphError("only an Interp by the nearest element, of a known size, moves integers")
    image = x[:, None, None] if x.ndim == 1 else x
    axes = [(-1, "width")] if x.ndim == 2 else [(-2, "height"), (-1, "width")]
    lengths = [_length(values, name, axis, image, reference) for axis, name in axes]
    if lengths == [image.shape[axis] for axis, _ in axes]:
        return image  # ncnn takes no steps then, although they might leave places out
    for (axis, name), length in zip(axes, lengths, strict=True):
        step = _step(values, name, image.shape[axis], length, reference is not None)
        places = (np.arange(length, dtype=np.float32) * step).astype(np.intp)
        image = np.take(image, np.minimum(places, image.shape[axis] - 1), axis=axis)
    return image


def _length(
    values: Values, name: str, axis: int, image: NDArray[Any], reference: NDArray[Any] | None
) -> int:
    """Length of an axis of the result; without both sizes the scales count."""
    if reference is not None:
        return int((1, *reference.shape)[axis])
    if values.output_height and values.output_width:
        return int(values[f"output_{name}"])
    return int(np.float32(image.shape[axis]) * np.float32(values[f"{name}_scale"]))


def _step(values: Values, name: str, before: int, after: int, referred: bool) -> np.float32:
    """From one element of the result to the next, in elements of the bottom: a float32."""
    if referred or values[f"output_{name}"]:
        return np.float32(before) / np.float32(after)
    return np.float32(1) / np.float32(values[f"{name}_scale"])

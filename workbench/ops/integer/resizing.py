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
    result = image
    for axis, name in ((-2, "height"), (-1, "width")):
        if x.ndim != 2 or axis == -1:
            given = 0 if reference is None else (1, *reference.shape)[axis]
            places = _places(values, name, image.shape[axis], given)
            result = np.take(result, places, axis=axis)
    return result


def _places(values: Values, name: str, length: int, given: int) -> NDArray[np.intp]:
    """Where each element of an axis comes from; the step is a float32, as ncnn has it."""
    one, sizes = np.float32(1), (values.output_height, values.output_width)
    scale = np.float32(values[f"{name}_scale"])
    wanted = given or (values[f"output_{name}"] if all(sizes) else int(np.float32(length) * scale))
    fixed = given or values[f"output_{name}"]
    step = np.float32(length) / np.float32(wanted) if fixed else one / scale
    places = (np.arange(wanted, dtype=np.float32) * step).astype(np.intp)
    return np.minimum(places, length - 1)

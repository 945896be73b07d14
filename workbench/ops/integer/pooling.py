"""Pooling: the maximum or the mean of windows, summed in int32.

    mean = round(sum / area), a half away from zero

Source: Tencent/ncnn, src/layer/pooling.cpp.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import GraphError
from workbench.numerics.fixed_point import Flavour, Rescale, prepare_rescale
from workbench.numerics.rounding import LIMIT, saturate
from workbench.ops.op import Values

Int8 = NDArray[np.int8]
Ints = NDArray[Any]

_MEAN = 1
_KEEP = -233
_FULL, _VALID, _SAME_UPPER = 0, 1, 2
_FRACTION_BITS = 12
"""A mean in units of 2^-12 of a level, before it changes its scale."""

# --- offline ---


def prepare_mean(
    bottom_scale: Any, top_scale: Any, flavour: Flavour = "one rounding", bits: int = 8
) -> Rescale:
    """Prepare means in another scale than the bottom's: from 2^-12 of its levels.

    Means are smaller than what they are of, so their own scale is often larger; this way the
    bits below a level of the bottom are not lost. Error: that of the flavour, and r * 2^-13.

    Args:
        bottom_scale: float32, one or (channels,).
        top_scale: float32, one or (channels,).
        flavour: how the mean is multiplied.
        bits: of E, for "floor" and "rounded".

    Raises:
        CalibrationError: the ratio of the scales is not positive and finite.
    """
    with np.errstate(all="ignore"):
        real = np.asarray(top_scale, np.float64) / np.asarray(bottom_scale, np.float64)
    return prepare_rescale(np.ldexp(real, -_FRACTION_BITS), flavour, bits)


# --- runtime ---


def pool(values: Values, x: Int8, change: Rescale | None = None) -> Int8:
    """Pool windows: those of a kernel, of an adaptive pooling, or all of a channel at once.

    Args:
        values: of a Pooling.
        x: int8 (c, h, w), or (h, w) as one channel.
        change: of means, by `prepare_mean`; None keeps the bottom's scale.

    Returns:
        int8 (c, out_h, out_w), or (c,) of a global pooling. A window that lies beside the
        blob (pad_mode 0 allows it) gives 0, or -127 as a maximum; ncnn gives no number there.

    Raises:
        GraphError: the window is larger than the blob, or its border negative.
    """
    image = x if x.ndim == 3 else x[None]
    if values.pooling_type != _MEAN:
        return _maxima(values, image)
    sums, areas = sums_and_areas(values, image)
    if change is None:
        return saturate(divide(sums, areas))
    return saturate(change.apply(divide(sums.astype(np.int64) << _FRACTION_BITS, areas)))


def divide(sums: Ints, areas: Ints) -> NDArray[np.int32]:
    """round(sum / area), a half away from zero: integers, areas positive."""
    size = np.abs(sums.astype(np.int64))
    rounded: NDArray[np.int64] = (2 * size + areas) // (2 * areas.astype(np.int64))
    return np.where(sums < 0, -rounded, rounded).astype(np.int32)


def sums_and_areas(values: Values, x: Int8) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Sum each window, and count its elements.

    The border counts if avgpool_count_include_pad is set, and also, as in ncnn, with the
    borders that pad_mode 2 and 3 find by themselves.

    Args:
        values: of a Pooling.
        x: int8 (c, h, w).

    Returns:
        Sums, int32, of the shape of the result; areas, int32, at least 1, broadcast to it.
    """
    wide = x.astype(np.int32)
    if values.global_pooling:
        return wide.sum((1, 2), dtype=np.int32), np.array([x.shape[1] * x.shape[2]], np.int32)
    if values.adaptive_pooling:
        return _adaptive(values, wide, _sum), _adaptive(values, np.ones_like(wide[:1]), _sum)
    borders = _borders(values, x.shape)
    padded, ones = np.pad(wide, borders), np.ones_like(wide[:1])
    inside = np.pad(ones, borders, constant_values=1)
    if not values.avgpool_count_include_pad:
        _clear_border(values, inside, borders)
    sums, areas = (_slide(values, each, np.add) for each in (padded * inside, inside))
    return sums, np.maximum(areas, 1)


def _clear_border(values: Values, inside: Ints, borders: list[tuple[int, int]]) -> None:
    """Mark what does not count: pads as the layer gives them, and what pad_mode 0 adds."""
    below, right = values.pad_bottom, values.pad_right
    if values.pad_mode == _FULL:
        below, right = borders[1][1], borders[2][1]
    height, width = inside.shape[1:]
    inside[:, : values.pad_top], inside[:, max(height - below, 0) :] = 0, 0
    inside[:, :, : values.pad_left], inside[:, :, max(width - right, 0) :] = 0, 0


def _maxima(values: Values, x: Int8) -> Int8:
    if values.global_pooling:
        return _max(x)
    if values.adaptive_pooling:
        return _adaptive(values, x, _max)
    padded = np.pad(x, _borders(values, x.shape), constant_values=-LIMIT)
    return np.ascontiguousarray(_slide(values, padded, np.maximum))


def _sum(x: Ints) -> NDArray[np.int32]:
    """Sum over the last two axes."""
    result: NDArray[np.int32] = x.sum((-2, -1), dtype=np.int32)
    return result


def _max(x: Int8) -> Int8:
    result: Int8 = x.max((-2, -1))
    return result


def _slide(values: Values, x: Ints, combine: Callable[[Ints, Ints], Ints]) -> Ints:
    """Combine the elements of each window, first along its columns, then along its rows."""
    kernel, lengths = (values.kernel_h, values.kernel_w), x.shape[1:]
    if kernel[0] > lengths[0] or kernel[1] > lengths[1]:
        raise GraphError(f"its window of {kernel} is larger than its input, {lengths}")
    strides = (values.stride_h, values.stride_w)
    ends = [n - size + 1 for n, size in zip(lengths, kernel, strict=True)]
    lines = reduce(combine, (x[:, i : i + ends[0] : strides[0]] for i in range(kernel[0])))
    return reduce(combine, (lines[:, :, i : i + ends[1] : strides[1]] for i in range(kernel[1])))


def _adaptive(values: Values, x: Ints, of: Callable[[Ints], Ints]) -> Ints:
    """Cut each axis into parts that may overlap by an element, and reduce each cell."""
    rows, columns = _parts(values.out_h, x.shape[1]), _parts(values.out_w, x.shape[2])
    cells = [[of(x[:, row, column]) for column in columns] for row in rows]
    return np.moveaxis(np.array(cells, cells[0][0].dtype), 2, 0)


def _parts(wanted: int, length: int) -> list[slice]:
    count = length if wanted == _KEEP else wanted
    return [slice(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]


def _borders(values: Values, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Border before and behind each axis; pad_mode 0 lets the last window reach over the edge."""
    sides = (("h", "pad_top", "pad_bottom", shape[1]), ("w", "pad_left", "pad_right", shape[2]))
    return [(0, 0), *(_border(values, *side) for side in sides)]


def _border(values: Values, axis: str, first: str, last: str, length: int) -> tuple[int, int]:
    kernel, stride = values[f"kernel_{axis}"], values[f"stride_{axis}"]
    before, after = values[first], values[last]
    if min(before, after) < 0 and values.pad_mode in (_FULL, _VALID):
        raise GraphError(f"its border {before, after} along {axis} is negative")
    if values.pad_mode == _FULL:
        reach = length + before + after - kernel
        return before, after + (-reach % stride if reach >= 0 else 0)
    if values.pad_mode == _VALID:
        return before, after
    total = max(0, kernel + (length - 1) // stride * stride - length)
    less, more = total // 2, total - total // 2
    return (less, more) if values.pad_mode == _SAME_UPPER else (more, less)

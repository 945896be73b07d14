"""The integer kernels of Convolution and ConvolutionDepthWise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.ops.kernels.kernel import Kernel, Sums, exact_dtype, wrap
from workbench.ops.op import Values

_SAME_UPPER, _SAME_LOWER = -233, -234


def _dense(values: Values, weight: NDArray[np.int8]) -> Sums:
    """Sums (num_output, h, w) of a convolution in one or more groups."""
    group = values.get("group", 1)
    dtype = exact_dtype(weight)
    matrices: NDArray[Any] = weight.reshape(group, weight.shape[0] // group, -1).astype(dtype)

    def sums(x: NDArray[np.int8]) -> NDArray[Any]:
        taps = _taps(values, _bordered(values, x))
        columns = np.stack(taps, axis=1).astype(dtype) if len(taps) > 1 else taps[0].astype(dtype)
        found: NDArray[Any] = matrices @ columns.reshape(group, matrices.shape[2], -1)
        return wrap(found.reshape(weight.shape[0], *taps[0].shape[1:]))

    return sums


def _depthwise(values: Values, weight: NDArray[np.int8]) -> Sums:
    """Sums (channels, h, w): each channel with a kernel of its own."""
    kernels = weight.reshape(weight.shape[0], -1).astype(np.float32)[:, :, None, None]

    def sums(x: NDArray[np.int8]) -> NDArray[Any]:
        taps = _taps(values, _bordered(values, x).astype(np.float32))
        total: NDArray[np.float32] = kernels[:, 0] * taps[0]
        for k, tap in enumerate(taps[1:], 1):
            total += kernels[:, k] * tap
        return total

    return sums


def _grouped(values: Values, weight: NDArray[np.int8]) -> Sums:
    return _depthwise(values, weight) if is_depthwise(values) else _dense(values, weight)


def is_depthwise(values: Values) -> bool:
    """Tell whether each channel is filtered by itself."""
    kernel = values.kernel_w * values.kernel_h
    return bool(
        values.num_output == values.group and values.weight_data_size == kernel * values.group
    )


def _taps(values: Values, x: NDArray[Any]) -> list[NDArray[Any]]:
    """For each kernel element the view of a bordered blob that it meets, (channels, h, w)."""
    (rows, ys), (columns, xs) = (
        _positions(values, axis, size) for axis, size in (("h", x.shape[1]), ("w", x.shape[2]))
    )
    return [
        x[:, y : y + rows : values.stride_h, z : z + columns : values.stride_w]
        for y in ys
        for z in xs
    ]


def _positions(values: Values, axis: str, size: int) -> tuple[int, range]:
    """The extent over which one kernel element moves, and where each element begins."""
    kernel, dilation = values[f"kernel_{axis}"], values[f"dilation_{axis}"]
    extent = dilation * (kernel - 1) + 1
    return size - extent + 1, range(0, extent, dilation)


def _bordered(values: Values, x: NDArray[np.int8]) -> NDArray[np.int8]:
    """Add the border. Its value is not scaled: ncnn casts it to int8 as it is."""
    above, below, left, right = border(values, x.shape[1:])
    if not any((above, below, left, right)):
        return x
    value = np.float32(values.pad_value).astype(np.int32).astype(np.int8)
    channels, h, w = x.shape
    result = np.full((channels, h + above + below, w + left + right), value, np.int8)
    result[:, above : above + h, left : left + w] = x
    return result


def border(values: Values, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return how many elements are added above, below, left and right of a blob (h, w)."""
    given = (values.pad_top, values.pad_bottom, values.pad_left, values.pad_right)
    if any(size > 0 for size in given):
        return given
    if set(given) not in ({_SAME_UPPER}, {_SAME_LOWER}):
        return (0, 0, 0, 0)
    above, below = _same(values, "h", shape[0])
    left, right = _same(values, "w", shape[1])
    return (above, below, left, right)


def _same(values: Values, axis: str, size: int) -> tuple[int, int]:
    """The border before and behind an axis that keeps its length, but for the stride."""
    stride = values[f"stride_{axis}"]
    extent = values[f"dilation_{axis}"] * (values[f"kernel_{axis}"] - 1) + 1
    total = extent + (size - 1) // stride * stride - size
    less, more = total // 2, total - total // 2
    return (less, more) if values.pad_left == _SAME_UPPER else (more, less)


def _accepts(values: Values, shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and min(border(values, shape[1:])) >= 0


def _dense_kind(values: Values) -> str:
    return "convolution"


def _grouped_kind(values: Values) -> str:
    if not is_depthwise(values):
        return "convolution"
    window = [
        values[f"{name}_{axis}"] for name in ("kernel", "dilation", "stride") for axis in "wh"
    ]
    fast = window[:4] == [3, 3, 1, 1] and window[4:] in ([1, 1], [2, 2])
    return "depthwise 3x3" if fast and values.activation_type <= 1 else "depthwise"


KERNELS = (
    Kernel("Convolution", _dense, _accepts, _dense_kind, 0),
    Kernel("ConvolutionDepthWise", _grouped, _accepts, _grouped_kind, 0),
)

"""The integer kernels of Convolution and ConvolutionDepthWise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.rounding import LIMIT
from workbench.numerics.weights import WINOGRAD_GROWTH, needs_six_bits
from workbench.ops.kernels.kernel import Kernel, Sums, exact_dtype, wrap
from workbench.ops.op import Values
from workbench.ops.shape_rules import SAME_LOWER, SAME_UPPER
from workbench.ops.window import extent

_CACHED = 1 << 18
"""Elements of a matrix of columns that fit in a second-level cache."""
_LEAST_COLUMNS = 256
"""So many columns at a time keep a product of matrices efficient."""


def _sums(values: Values, weight: NDArray[np.int8]) -> Sums:
    """Sums (num_output, h, w) of a convolution in one or more groups, as products of matrices."""
    group = values.get("group", 1)
    dtype = exact_dtype(weight)
    matrices: NDArray[Any] = weight.reshape(group, weight.shape[0] // group, -1).astype(dtype)

    def sums(x: NDArray[np.int8]) -> NDArray[Any]:
        window = _Window(values, x.shape)
        result = np.empty((group, matrices.shape[1], *window.output), dtype)
        channels = x.shape[0] // group
        step = max(1, _CACHED // (matrices.shape[2] * window.length))
        for first in range(0, group, step):
            some = slice(first, min(first + step, group))
            part = x[some.start * channels : some.stop * channels]
            _multiply(matrices[some], window, window.planes(part, dtype), result[some])
        return wrap(result.reshape(weight.shape[0], *window.output))

    return sums


def _multiply(
    matrices: NDArray[Any], window: _Window, planes: NDArray[Any], result: NDArray[Any]
) -> None:
    """Multiply some groups into `result` (groups, outputs, h, w)."""
    groups, outputs, inputs = matrices.shape
    (h, w), pitch = window.output, window.pitch
    lines = result if pitch == w else np.empty((groups, outputs, h, pitch), result.dtype)
    rows = lines.reshape(groups, outputs, h * pitch)
    step = max(_LEAST_COLUMNS, _CACHED // (groups * inputs))
    for start in range(0, window.length, step):
        places = slice(start, min(start + step, window.length))
        columns = window.columns(planes, places).reshape(groups, inputs, -1)
        np.matmul(matrices, columns, out=rows[:, :, places])
    if lines is not result:
        result[...] = lines[:, :, :, :w]


@dataclass(frozen=True)
class _Window:
    """Where the elements of a kernel lie on a blob, for all its places at once.

    The blob with its border is dealt out into planes, one for each remainder of row and column
    by the strides: on its plane an element meets consecutive elements as the window moves on.
    So the columns of all places are slices of the planes. A line of a plane is longer than a
    line of the output (`pitch`); what is computed for the places between is thrown away.

    Attributes:
        values: the layer's parameters.
        shape: of the bottom blob, (channels, h, w).
    """

    values: Values
    shape: tuple[int, ...]

    @cached_property
    def _border(self) -> tuple[int, int, int, int]:
        return border(self.values, self.shape[1:])

    @cached_property
    def _bordered(self) -> tuple[int, int]:
        above, below, left, right = self._border
        return self.shape[1] + above + below, self.shape[2] + left + right

    @cached_property
    def output(self) -> tuple[int, int]:
        """Height and width of the top blob."""
        spans = (extent(self.values, axis) for axis in "hw")
        sizes = zip(self._bordered, spans, _strides(self.values), strict=True)
        h, w = ((size - span) // stride + 1 for size, span, stride in sizes)
        return h, w

    @cached_property
    def pitch(self) -> int:
        """Length of a line of a plane."""
        return int(-(-self._bordered[1] // self.values.stride_w))

    @cached_property
    def length(self) -> int:
        """Number of consecutive places from the first to the last of the output."""
        return (self.output[0] - 1) * self.pitch + self.output[1]

    def planes(self, x: NDArray[np.int8], dtype: type[Any]) -> NDArray[Any]:
        """Deal out some channels: (channels, stride_h, stride_w, elements of a plane)."""
        if not any(self._border) and _strides(self.values) == (1, 1):
            return x.astype(dtype).reshape(x.shape[0], 1, 1, -1)
        above, _, left, _ = self._border
        (stride_h, stride_w), (channels, h, w) = _strides(self.values), x.shape
        lines = -(-self._bordered[0] // stride_h)
        whole = np.full((channels, lines * stride_h, self.pitch * stride_w), 0, dtype)
        if any(self._border):
            whole[:] = _pad_value(self.values)
        whole[:, above : above + h, left : left + w] = x
        dealt = whole.reshape(channels, lines, stride_h, self.pitch, stride_w)
        return dealt.transpose(0, 2, 4, 1, 3).reshape(channels, stride_h, stride_w, -1)

    def columns(self, planes: NDArray[Any], places: slice) -> NDArray[Any]:
        """Return (channels, kernel elements, places)."""
        values, (stride_h, stride_w) = self.values, _strides(self.values)
        ys = range(0, extent(values, "h"), values.dilation_h)
        xs = range(0, extent(values, "w"), values.dilation_w)
        if len(ys) * len(xs) == 1:
            return planes[:, 0, 0, None, places]
        length = places.stop - places.start
        result = np.empty((planes.shape[0], len(ys), len(xs), length), planes.dtype)
        for row, y in enumerate(ys):
            for column, x in enumerate(xs):
                first = places.start + y // stride_h * self.pitch + x // stride_w
                plane = planes[:, y % stride_h, x % stride_w]
                result[:, row, column] = plane[:, first : first + length]
        return result


def _pad_value(values: Values) -> np.int8:
    """What stands in the border: ncnn casts the value to int8 as it is, without a scale."""
    return np.float32(values.pad_value).astype(np.int32).astype(np.int8)


def border(values: Values, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return how many elements are added above, below, left and right of a blob (h, w)."""
    given = (values.pad_top, values.pad_bottom, values.pad_left, values.pad_right)
    if any(size > 0 for size in given):
        return given
    if set(given) not in ({SAME_UPPER}, {SAME_LOWER}):
        return (0, 0, 0, 0)
    above, below = _same(values, "h", shape[0])
    left, right = _same(values, "w", shape[1])
    return (above, below, left, right)


def _same(values: Values, axis: str, size: int) -> tuple[int, int]:
    """The border before and behind an axis that keeps its length, but for the stride.

    Where a stride steps over the end ncnn adds nothing (or corrupts its memory, if the other
    axis needs a border).
    """
    stride = values[f"stride_{axis}"]
    total = max(0, extent(values, axis) + (size - 1) // stride * stride - size)
    less, more = total // 2, total - total // 2
    return (less, more) if values.pad_left == SAME_UPPER else (more, less)


def _accepts(values: Values, shape: tuple[int, ...]) -> bool:
    """A border of -128 is left to ncnn: some of its kernels have room for -127 to 127 only."""
    is_image = len(shape) == 3 and min(border(values, shape[1:])) >= 0
    return is_image and bool(_pad_value(values) >= -LIMIT)


def is_depthwise(values: Values) -> bool:
    """Tell whether each channel is filtered by itself."""
    kernel = values.kernel_w * values.kernel_h
    each = values.weight_data_size == kernel * values.group
    return bool(values.num_output == values.group and each)


def _kind(values: Values) -> str:
    if "group" not in values or not is_depthwise(values):
        return "convolution"
    small = needs_six_bits({**values, "stride_h": 1, "stride_w": 1})
    fast = small and _strides(values) in ((1, 1), (2, 2))
    return "depthwise 3x3" if fast and values.activation_type <= 1 else "depthwise"


def _most(values: Values) -> float:
    """A dense 3x3 convolution may run as int8 Winograd F(4,3), whose int32 hold 576 times a sum."""
    winograd = _kind(values) == "convolution" and needs_six_bits(values)
    return 2**31 / WINOGRAD_GROWTH if winograd else inf


def _strides(values: Values) -> tuple[int, int]:
    return values.stride_h, values.stride_w


KERNELS = (
    Kernel("Convolution", _sums, _accepts, _kind, 0, _most),
    Kernel("ConvolutionDepthWise", _sums, _accepts, _kind, 0, _most),
)

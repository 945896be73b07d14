"""Integer sums to real numbers and to int8, block by block so that a block stays in the cache.

    real = activation(sum * scale_in + bias)        int8 = saturate(round(real * top_scale))

int8 is found by a shortcut: in units of 2^-16 of the int8 step, one float32 product and sum for
each element tell the integer, unless they come out near the border between two integers. The
few elements that do are computed as ncnn computes them, with each of its roundings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.affine import halves, multiply_add, to_int8
from workbench.numerics.rounding import LIMIT

Floats = NDArray[np.float32]

BLOCK = 1 << 16
"""Elements of a block: with its copies it fits in a second-level cache."""

_ONE = 1 << 16
_MOST = float(1 << 30)
"""Where int8 steps stay below this, nothing comes near the limits of int32."""


@dataclass(frozen=True, eq=False)
class Output:
    """How the integer sums of a layer become its output.

    Attributes:
        scale_in: float32 (channels,), 1 / (bottom_scale * weight_scale).
        bias: float32 (channels,), or None.
        once: whether sum * scale_in + bias is rounded once (`multiply_add`).
        activation: function of each element.
        clip: the bounds of the activation, if it does no more than keep its argument there.
        largest: float64 (channels,), the largest |sum| that can be.
        top_scale: of the int8 output, if it is int8; a float32 value.
        adds_half: how ncnn rounds it (`halves`).
    """

    scale_in: Floats
    bias: Floats | None
    once: bool
    activation: Callable[[Floats], Floats]
    clip: tuple[float, float] | None
    largest: NDArray[np.float64]
    top_scale: float = 1.0
    adds_half: bool = False

    def real(self, sums: NDArray[Any]) -> Floats:
        """Return real numbers: float32 (channels, n), of sums (channels, n)."""
        result = np.empty(sums.shape, np.float32)
        for rows in blocks(sums.shape):
            bias = None if self.bias is None else self.bias[rows, None]
            result[rows] = self._real(sums[rows], self.scale_in[rows, None], bias)
        return result

    def quantized(self, sums: NDArray[Any]) -> NDArray[np.int8]:
        """Return int8 (channels, n), of sums (channels, n)."""
        half = halves(sums.shape[1], self.adds_half)
        if self._shortcut is None:
            return self.rounded(self.real(sums))

        def exact(row: NDArray[np.intp], column: NDArray[np.intp]) -> NDArray[np.int8]:
            bias = None if self.bias is None else self.bias[row]
            real = self._real(sums[row, column], self.scale_in[row], bias)
            return to_int8(real * self.top_scale, half[column])

        return self._shortcut.round(sums, exact)

    def rounded(self, real: Floats) -> NDArray[np.int8]:
        """Return int8 (channels, n), of real numbers (channels, n)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return to_int8(real * self.top_scale, halves(real.shape[1], self.adds_half))

    def _real(self, sums: NDArray[Any], scale: Floats, bias: Floats | None) -> Floats:
        single = sums.astype(np.float32, copy=False)
        if bias is None:
            return self.activation(single * scale)
        return self.activation(multiply_add(single, scale, bias, self.once))

    @cached_property
    def _shortcut(self) -> Shortcut | None:
        if self.clip is None:
            return None
        top = np.float64(self.top_scale)
        scale = self.scale_in * top
        bias = np.zeros_like(scale) if self.bias is None else self.bias * top
        too_large = not (np.maximum(self.largest, 1) * scale + np.abs(bias)).max() < _MOST
        if too_large or np.abs(bias).max() > Shortcut.most_offset:
            return None
        with np.errstate(over="ignore"):
            ends = (np.array(self.clip, np.float32) * self.top_scale).clip(-_MOST, _MOST)
        low, high = to_int8(ends, halves(1, adds_half=False)).tolist()
        return Shortcut(scale, bias, low, high)


def quantize_rows(x: Floats, scale: np.float32, adds_half: bool) -> NDArray[np.int8]:
    """Round x * scale to int8 as ncnn does, whatever x is.

    Args:
        x: float32 (rows, n), real units.
        scale: of the int8 blob.
        adds_half: see `halves`.

    Returns:
        int8 (rows, n).
    """
    half = halves(x.shape[1], adds_half)
    peak = max(float(x.max()), -float(x.min()), 1e-20)
    if not peak * float(scale) < _MOST:  # NaN comes here too
        with np.errstate(over="ignore", invalid="ignore"):
            return to_int8(x * scale, half)

    def exact(row: NDArray[np.intp], column: NDArray[np.intp]) -> NDArray[np.int8]:
        return to_int8(x[row, column] * scale, half[column])

    rows = np.full(x.shape[0], scale, np.float64)
    return Shortcut(rows, np.zeros_like(rows), -LIMIT, LIMIT).round(x, exact)


class Shortcut:
    """Rounds x * scale + offset to integers.

    Args:
        scale: float64 (rows,).
        offset: float64 (rows,), at most `most_offset` in size.
        low: least integer.
        high: greatest integer.
    """

    most_offset = 1 << 18

    def __init__(
        self, scale: NDArray[np.float64], offset: NDArray[np.float64], low: int, high: int
    ) -> None:
        # Where nothing is clipped, |x * scale| < 128 + |offset|. The roundings to float32, here
        # and in ncnn, are each 2^-24 of that at most: together 4 + |offset| / 64 of the units.
        margin = 5 + np.abs(offset).max() // 32
        self._near = np.uint16(2 * margin)
        self._scale = (scale * _ONE).astype(np.float32)[:, None]
        self._offset = ((offset + 0.5) * _ONE + margin).astype(np.float32)[:, None]
        self._low = np.float32(low * _ONE + _ONE // 2)
        self._high = np.float32(high * _ONE + _ONE // 2)

    def round(
        self,
        x: NDArray[Any],
        exact: Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.int8]],
    ) -> NDArray[np.int8]:
        """Round all elements.

        Args:
            x: floats (rows, n).
            exact: computes the integers at the given rows and columns of `x`, with care.

        Returns:
            int8 (rows, n).
        """
        result = np.empty(x.shape, np.int8)
        found = [self._round_block(x[rows], rows, result[rows]) for rows in blocks(x.shape)]
        row, column = np.divmod(np.concatenate(found), x.shape[1])
        if row.size:
            result[row, column] = exact(row, column)
        return result

    def _round_block(
        self, x: NDArray[Any], rows: slice, result: NDArray[np.int8]
    ) -> NDArray[np.intp]:
        """Write integers into `result`; return the flat places of those that are not certain."""
        scaled = np.multiply(x, self._scale[rows], dtype=np.float32)
        scaled += self._offset[rows]
        scaled.clip(self._low, self._high, out=scaled)
        units = scaled.astype(np.int32)
        near: NDArray[np.intp] = np.flatnonzero(units.astype(np.uint16) < self._near)
        np.right_shift(units, 16, out=units)
        np.copyto(result, units, casting="unsafe")
        near += rows.start * x.shape[1]
        return near


def blocks(shape: tuple[int, ...], size: int = BLOCK) -> Iterator[slice]:
    """Cut (rows, n) into slices of rows with about `size` elements each."""
    rows = max(1, size // max(1, shape[1]))
    for start in range(0, shape[0], rows):
        yield slice(start, min(start + rows, shape[0]))

"""OFFLINE: real multipliers to integers. Nothing here runs while a network runs.

Sources: the document of the full-int8 fork of ncnn, "E = scale_next / (scale_weight *
scale_in) * 2^F"; xieydd/ncnn, tools/quantize/ncnn2int8_new.cpp, vector_float2int;
google/gemmlowp, doc/quantization_example.cc, QuantizeMultiplierSmallerThanOne.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import CalibrationError
from workbench.numerics.affine import quantize
from workbench.numerics.rounding import round_half_away

_MOST_BITS = 24
"""With more, E * sum might not fit in 64 bits; a float32 ratio has no more either."""


@dataclass(frozen=True, eq=False)
class Multiplier8:
    """r = E / 2^F with a small E: an E for each channel, one F for the layer.

    Attributes:
        e: int64 (channels,), or (1,) for all channels; 0 where r is too small beside the
            largest r of the layer.
        f: places to shift to the right; negative: to the left.
    """

    e: NDArray[np.int64]
    f: int

    def __post_init__(self) -> None:
        self.e.setflags(write=False)

    @property
    def real(self) -> NDArray[np.float64]:
        """The numbers that it stands for: float64 (channels,), E * 2^-F, exact."""
        return np.ldexp(self.e.astype(np.float64), -self.f)


@dataclass(frozen=True, eq=False)
class Multiplier31:
    """r = M0 * 2^(-31 - shift) with M0 in [2^30, 2^31): 31 bits of r for each channel.

    Attributes:
        m0: int32 (channels,), or (1,) for all channels; M0 / 2^31 lies in [1/2, 1).
        shift: int64, same shape: places to shift to the right after the product with
            M0 / 2^31; negative: to the left.
    """

    m0: NDArray[np.int32]
    shift: NDArray[np.int64]

    def __post_init__(self) -> None:
        self.m0.setflags(write=False)
        self.shift.setflags(write=False)

    @property
    def real(self) -> NDArray[np.float64]:
        """The numbers that it stands for: float64 (channels,), exact."""
        return np.ldexp(self.m0.astype(np.float64), -31 - self.shift)


def ratios(scale_out: Any, scale_weight: Any, scale_in: Any = 1) -> NDArray[np.float32]:
    """r = f32(scale_out / f32(scale_weight * scale_in)), as the fork divides.

    Args:
        scale_out: float32, one or (channels,): levels of the output for one real unit.
        scale_weight: float32, one or (channels,).
        scale_in: float32 scale of the input.

    Returns:
        float32 (channels,), or (1,) if all are single numbers.
    """
    below = np.asarray(scale_weight, np.float32) * np.asarray(scale_in, np.float32)
    result: NDArray[np.float32] = np.atleast_1d(np.asarray(scale_out, np.float32) / below)
    return result


def multiplier8(real: Any, bits: int = 8) -> Multiplier8:
    """Find E and F so that E / 2^F is about r.

        F = bits - truncate(log2 max r)        E = floor(r * 2^F + 1/2)

    log2 is rounded to float32 and truncated toward zero, so the largest E lies in
    (2^(bits-1), 2^bits] if max r < 1, and in [2^bits, 2^(bits+1)] if not. Then

        |E / 2^F - r| <= 2^-(F+1)

    which is at most 2^-bits of the largest r, and more of the smaller ones.

    Args:
        real: positive, one or (channels,); rounded to float32.
        bits: 8 as the document says; 7 as the fork's code has it (and a sign); 1 to 24.

    Raises:
        CalibrationError: `bits` is something else, or a number is not positive and finite.
    """
    if not 1 <= bits <= _MOST_BITS:
        raise CalibrationError(
            f"multipliers of {bits} bits are not known", advice=f"Use 1 to {_MOST_BITS}."
        )
    given = np.atleast_1d(np.asarray(real, np.float32)).astype(np.float64)
    _require_positive(given)
    f = bits - int(np.float32(log2(given.max())))
    e: NDArray[np.int64] = np.floor(np.ldexp(given, f) + 0.5).astype(np.int64)
    return Multiplier8(e, f)


def multiplier31(real: Any) -> Multiplier31:
    """Find M0 and a shift so that M0 * 2^(-31 - shift) is r to 31 bits.

        r = q * 2^-shift with q in [1/2, 1)        M0 = round(q * 2^31)

    If q rounds to 1, M0 would be 2^31 and leave int32: it becomes 2^30, the shift one less.
    The relative error of each is at most 2^-31.

    Args:
        real: positive, one or (channels,), float64; above 1 too (then the shift is negative).

    Raises:
        CalibrationError: a number is not positive and finite.
    """
    given = np.atleast_1d(np.asarray(real, np.float64))
    _require_positive(given)
    fraction, exponent = np.frexp(given)
    m0 = round_half_away(np.ldexp(fraction, 31))
    corner = m0 == 2.0**31
    return Multiplier31(
        np.where(corner, 2.0**30, m0).astype(np.int32),
        -(exponent.astype(np.int64) + corner),
    )


def bias_int32(bias: NDArray[np.float32], scale_weight: Any, scale_in: Any) -> NDArray[np.int32]:
    """round(f32(bias * f32(scale_weight * scale_in))): a bias to add to the sums.

    Args:
        bias: float32 (channels,), real units.
        scale_weight: float32, one or (channels,).
        scale_in: float32 scale of the input.

    Returns:
        int32 (channels,), in units of the sums; saturated where it would not fit.
    """
    with np.errstate(over="ignore"):
        scale = np.asarray(scale_weight, np.float32) * np.asarray(scale_in, np.float32)
        units = round_half_away((bias * scale).astype(np.float64))
    limits = np.iinfo(np.int32)
    result: NDArray[np.int32] = units.clip(limits.min, limits.max).astype(np.int32)
    return result


def bias_int8(bias: NDArray[np.float32], scale_out: Any) -> NDArray[np.int8]:
    """float2int8(bias * scale_out): a bias to add after the shift, the document's variant.

    It is rounded, and clipped to [-127, 127], for itself: the sum with the shifted product is
    off by one more half, and a bias beyond the range of the output is lost.

    Args:
        bias: float32 (channels,), real units.
        scale_out: float32, one or (channels,).
    """
    return quantize(bias, np.asarray(scale_out, np.float32))


def _require_positive(real: NDArray[np.float64]) -> None:
    wrong = np.flatnonzero(~(np.isfinite(real) & (real > 0)))
    if wrong.size:
        raise CalibrationError(
            f"multiplier {wrong[0]} is {real[wrong[0]]}, and must be positive and finite",
            advice="Look at the scales of this layer: one of them is zero, infinite or no number.",
        )

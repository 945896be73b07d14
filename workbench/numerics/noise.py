"""The error that one threshold makes: clipping above it, rounding below it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.histogram import Histogram
from workbench.numerics.metrics import decibels


class ErrorSplit(NamedTuple):
    """Mean squared errors in real units squared; their sum is the whole error.

    Attributes:
        clipping: of the values above the threshold, which all become the threshold.
        rounding: of the values below it, which go to the nearest step.
    """

    clipping: float
    rounding: float


def error_split(histogram: Histogram, threshold: float, levels: int = 127) -> ErrorSplit:
    """Split the expected squared error of int8 at one threshold T, D = T / levels being a step.

        clipping = 1/N * sum over x > T of (x - T)^2
        rounding = 1/N * sum over x <= T of (x - D * round(x / D))^2

    A bin's values are spread evenly over it, so each sum is a closed-form integral; N counts the
    exact zeros too. At T = 0 everything is clipped.

    Args:
        histogram: the counts.
        threshold: T in real units.
        levels: steps from 0 to T: 127 for 8 bits, 31 for 6.
    """
    if not histogram.counts.any():
        return ErrorSplit(0.0, 0.0)
    limit = max(threshold, 0.0) / histogram.bin_width
    borders = np.arange(histogram.counts.size + 1.0)
    unit = histogram.bin_width**2 / histogram.total
    clipped = np.maximum(borders - limit, 0.0) ** 3 / 3
    rounded = _rounding_integral(np.minimum(borders, limit), limit / levels)
    return ErrorSplit(
        float(histogram.counts @ np.diff(clipped)) * unit,
        float(histogram.counts @ np.diff(rounded)) * unit,
    )


def sqnr_db(histogram: Histogram, threshold: float, levels: int = 127) -> float:
    """Signal to quantization noise at one threshold, in dB: 10 log10(mean x^2 / mean error^2)."""
    counts = histogram.counts
    middle = np.arange(counts.size) + 0.5
    power = float(counts @ (middle * middle + 1 / 12)) * histogram.bin_width**2
    noise = sum(error_split(histogram, threshold, levels))
    return decibels(power / max(histogram.total, 1), noise)


def _rounding_integral(x: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Integral of (s - step * round(s / step))^2 from 0 to each x: float64 (n,).

    step^3 * (k / 12 + r^3 / 3) with k = round(x / step) and r = x / step - k.
    """
    if step == 0:
        return np.zeros_like(x)
    place = x / step
    nearest = np.floor(place + 0.5)
    result: NDArray[np.float64] = (nearest / 12 + (place - nearest) ** 3 / 3) * step**3
    return result

"""ACIQ: the threshold that suits a Gaussian whose spread is guessed from its largest value."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from workbench.errors import CalibrationError
from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds.search import Search, nothing_to_search, with_candidate

METHOD = "aciq"
LOSS = "expected squared error of a Gaussian"
ALPHA = np.array(
    [0, 1.71063519, 2.15159277, 2.55913646, 2.93620062, 3.28691474, 3.6151146, 3.92403714],
    dtype=np.float32,
)
LARGEST = float(np.finfo(np.float32).max)


def aciq(histogram: Histogram, bits: int = 8) -> Search:
    """Choose alpha(bits) * sigma, with sigma guessed from absmax and the blob's size.

    The curve is what the model expects of each threshold T, clipping and rounding together:

        2 * integral from T of (x - T)^2 N(x; 0, sigma) dx + T^2 / (3 * 4^bits)

    Args:
        histogram: absmax and blob_size decide; a blob_size of 0 (unknown) stands for all values
            counted.
        bits: width of the integers, 2 to 8.

    Returns:
        Candidates at every bin's upper edge and the chosen one, which may lie above absmax (for
        blobs of less than about 8000 elements): ncnn uses it all the same, so it is kept.

    Source: Tencent/ncnn, tools/quantize/ncnn2table.cpp, QuantNet::quantize_ACIQ; the model: Banner
    et al., "Post training 4-bit quantization of convolutional networks for rapid-deployment".
    """
    if not histogram.counts.any():
        return nothing_to_search(METHOD, LOSS)
    size = histogram.blob_size or histogram.total
    chosen = float(aciq_threshold(histogram.absmax, size, bits))
    thresholds, best = with_candidate(histogram.edges[1:], chosen)
    sigma = gaussian_sigma(histogram.absmax, max(size, 2))
    return Search(METHOD, thresholds, expected_error(thresholds, sigma, bits), best, LOSS)


def aciq_threshold(absmax: float, size: int, bits: int = 8) -> np.float32:
    """alpha(bits) * sigma in ncnn's mix of double and float, rounded to float32.

    One value says nothing about a spread (ncnn divides by log(1) = 0): the threshold of fewer
    than two values is absmax. A result past float32 is the largest float32.

    Args:
        absmax: largest |x|, real units, a float32 value.
        size: how many values it is the largest of.
        bits: 2 to 8.

    Raises:
        CalibrationError: if `bits` is out of range.

    Source: Tencent/ncnn, tools/quantize/ncnn2table.cpp, compute_aciq_gaussian_clip.
    """
    if not 2 <= bits <= 8:
        raise CalibrationError(f"ACIQ knows 2 to 8 bits, not {bits}")
    if size < 2:
        return np.float32(absmax)
    return np.float32(min(float(ALPHA[bits - 1]) * gaussian_sigma(absmax, size), LARGEST))


def gaussian_sigma(absmax: float, size: int) -> float:
    """Guess a Gaussian's standard deviation from the largest of `size` (at least 2) samples.

    sigma = 2 * absmax * 0.5 * 0.35 * (1 + sqrt(pi * ln 4)) / sqrt(2 * ln size), in double.
    """
    constant = (0.5 * 0.35) * (1 + math.sqrt(math.pi * math.log(4)))
    return (absmax * 2 * constant) / math.sqrt(2 * math.log(size))


def expected_error(thresholds: NDArray[np.float64], sigma: float, bits: int) -> NDArray[np.float64]:
    """Mean squared error of clipping and rounding a Gaussian: float64 (n,), real units squared."""
    ratio = thresholds / sigma
    outside = np.array([math.erfc(x) for x in (ratio / math.sqrt(2)).tolist()])
    density = np.exp(-0.5 * ratio * ratio) * math.sqrt(2 / math.pi)
    clipping = np.maximum((1 + ratio * ratio) * outside - ratio * density, 0.0)
    result: NDArray[np.float64] = sigma * sigma * (clipping + ratio * ratio / (3 * 4.0**bits))
    return result

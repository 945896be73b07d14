"""How far a quantized blob is from the float one. Everything is summed in float64.

Each function takes the float blob first and the quantized one (in real units) second, of any
dtype and one shape. The figure of a set of images is the mean of the figures of its images.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import InputError

Blob = NDArray[Any]


def cosine(reference: Blob, result: Blob) -> float:
    """a . b / (|a| |b|), in [-1, 1]; 1 if both are zero everywhere, 0 if only one is."""
    a, b = _pair(reference, result)
    lengths = math.sqrt(a @ a) * math.sqrt(b @ b)
    if lengths == 0:
        return float(not a.any() and not b.any())
    if np.array_equal(a, b):
        return 1.0
    return min(max(float(a @ b) / lengths, -1.0), 1.0)


def angle_degrees(reference: Blob, result: Blob) -> float:
    """degrees(arccos(cosine)): 0 for the same direction, 90 if just one is zero everywhere."""
    return math.degrees(math.acos(cosine(reference, result)))


def mae(reference: Blob, result: Blob) -> float:
    """Mean absolute error, mean |a - b|; 0 for empty blobs."""
    a, b = _pair(reference, result)
    return float(np.abs(a - b).mean()) if a.size else 0.0


def mre(reference: Blob, result: Blob) -> float:
    """Mean relative error, mean(|a - b| / |a|), over the elements where a is not zero.

    Where the reference is zero everywhere: 0 if the result is too, else infinite.
    """
    ratios = _ratios(reference, result)
    if ratios.size:
        return float(ratios.mean())
    return math.inf if np.any(result) else 0.0


def mre_filtered(reference: Blob, result: Blob) -> float:
    """`mre` without the elements whose ratio exceeds 1; 1 if that leaves none of them."""
    ratios = _ratios(reference, result)
    kept = ratios[ratios <= 1]
    if kept.size:
        return float(kept.mean())
    return 1.0 if np.any(result) or ratios.size else 0.0


def sqnr(reference: Blob, result: Blob) -> float:
    """Signal to quantization noise in dB: 10 log10(sum a^2 / sum (a - b)^2)."""
    a, b = _pair(reference, result)
    difference = a - b
    return decibels(float(a @ a), float(difference @ difference))


def decibels(signal: float, noise: float) -> float:
    """10 log10(signal / noise): infinite without noise, minus infinite with noise alone."""
    if noise == 0:
        return math.inf
    if signal == 0:
        return -math.inf
    return 10 * (math.log10(signal) - math.log10(noise))


def _pair(reference: Blob, result: Blob) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both blobs as flat float64; raises InputError if their shapes differ."""
    if np.shape(reference) != np.shape(result):
        raise InputError(
            f"a blob of shape {np.shape(result)} cannot be compared with one of shape "
            f"{np.shape(reference)}"
        )
    return np.asarray(reference, np.float64).ravel(), np.asarray(result, np.float64).ravel()


def _ratios(reference: Blob, result: Blob) -> NDArray[np.float64]:
    a, b = _pair(reference, result)
    known = a != 0
    ratios: NDArray[np.float64] = np.abs(a[known] - b[known]) / np.abs(a[known])
    return ratios

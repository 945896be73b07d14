"""The loops over all values, compiled. Only `workbench.numerics.compiled` imports this file.

Counting works in two steps on blocks that stay in the cache: numbers of bins, which the
processor computes many at a time, and then the counting. Zeros are frequent after a ReLU; they
go round `SPARE` places behind the bins, for a processor is slow to count in one place again and
again.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numba
import numpy as np
from numba import types

from workbench.numerics.compiled import LANES, SPARE

_BLOCK = 2048
_FLOATS = types.Array(types.float32, 1, "C", readonly=True)
_BITS = types.Array(types.uint32, 1, "C", readonly=True)
_COUNTS = types.Array(types.uint32, 1, "C")


def _compiled(*arguments: Any, returns: Any = types.void) -> Any:
    signature = returns(*arguments)

    def compile(function: Any) -> Any:
        try:
            return numba.njit(signature, nogil=True, cache=True)(function)
        except RuntimeError:  # no folder to keep it in: compiled anew in each process
            return numba.njit(signature, nogil=True)(function)

    return compile


@_compiled(_BITS, returns=types.uint32)
def largest_bits(bits: Any) -> Any:
    """Return the largest |x| as the bits of a float32."""
    result = np.uint32(0)
    for i in range(bits.size):
        result = max(result, bits[i] & np.uint32(0x7FFFFFFF))
    return result


@_compiled(_FLOATS, types.float32, types.float32, _COUNTS)
def count_roots(values: Any, factor: Any, bins: Any, counts: Any) -> None:
    """Add to counts[floor(sqrt(|x| * factor) * bins)]."""
    numbers = np.empty(_BLOCK, np.uint32)
    spare = np.int32(counts.size - SPARE)
    for start in range(0, values.size, _BLOCK):
        block = values[start : start + _BLOCK]
        for i in range(block.size):
            magnitude = abs(block[i])
            root = np.float32(sqrt(np.float32(magnitude * factor)))
            behind = spare + (np.int32(i) & np.int32(SPARE - 1))
            numbers[i] = np.uint32(np.int32(root * bins) if magnitude != np.float32(0) else behind)
        for i in range(block.size):
            counts[numbers[i]] += np.uint32(1)


@_compiled(_FLOATS, types.float32, types.float32, _COUNTS)
def count_equal(values: Any, limit: Any, bins: Any, counts: Any) -> None:
    """Add to counts[LANES * min(floor(|x| / limit * bins), bins - 1) + lane]."""
    numbers = np.empty(_BLOCK, np.uint32)
    spare = np.int32(counts.size - SPARE)
    last = np.float32(bins - np.float32(1))
    for start in range(0, values.size, _BLOCK):
        block = values[start : start + _BLOCK]
        for i in range(block.size):
            magnitude = abs(block[i])
            place = np.float32(np.float32(magnitude / limit) * bins)
            place = place if place < last else last
            number = np.int32(LANES) * np.int32(place) + (np.int32(i) & np.int32(LANES - 1))
            behind = spare + (np.int32(i) & np.int32(SPARE - 1))
            numbers[i] = np.uint32(number if magnitude != np.float32(0) else behind)
        for i in range(block.size):
            counts[numbers[i]] += np.uint32(1)

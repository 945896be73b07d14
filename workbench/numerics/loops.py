"""The loops over all values, compiled for this processor when this file is imported.

llvmlite compiles `intermediate` and `intermediate_sums` within some hundredths of a second, without
a file to keep. Called through ctypes, so that other threads run meanwhile.
"""

from __future__ import annotations

import math
from ctypes import CFUNCTYPE, POINTER, byref, c_float, c_size_t, c_uint32, c_void_p
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from workbench.numerics import intermediate, intermediate_sums
from workbench.numerics.compiled import SPARE, whole
from workbench.numerics.intermediate import WIDTH


def compile_loops(pack: bool | None = None) -> Any:
    """Compile the functions; `pack` as in `intermediate.code`, by default where it is quick."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    pack = bool(features.get("avx512f")) if pack is None else pack
    target, name = llvm.Target.from_default_triple(), llvm.get_host_cpu_name()
    machine = target.create_target_machine(name, features.flatten(), opt=3, jit=True)
    text = intermediate.code(pack) + intermediate_sums.code()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(text), machine)
    engine.finalize_object()
    return engine


def roots_of(engine: Any) -> Any:
    """Return the function count_roots, which lives as long as its engine."""
    tables = (c_void_p, c_void_p, c_uint32)
    kinds = (c_void_p, c_size_t, c_float, c_float, *tables, c_uint32, POINTER(c_float))
    return CFUNCTYPE(c_size_t, *kinds)(engine.get_function_address("count_roots"))


_ENGINE = compile_loops()
_LARGEST = CFUNCTYPE(c_uint32, c_void_p, c_size_t)(_ENGINE.get_function_address("largest_bits"))
_COUNT_ROOTS = roots_of(_ENGINE)
_COUNT_EQUAL = CFUNCTYPE(None, c_void_p, c_size_t, c_float, c_float, c_void_p, c_uint32)(
    _ENGINE.get_function_address("count_equal")
)

_ADD_SUMS = CFUNCTYPE(None, c_void_p, c_void_p, c_size_t, c_void_p)(
    _ENGINE.get_function_address("add_sums")
)


def largest(values: NDArray[np.float32]) -> float:
    """Return the largest |x| of contiguous float32 (n,); NaN is larger than infinity."""
    bits = max(
        _LARGEST(part.ctypes.data, part.size) if part.size else 0 for part in whole(values, WIDTH)
    )
    return float(np.uint32(bits).view(np.float32))


class RootCounter:
    """Adds to the count of bin floor(sqrt(|x| / 2^exponent) * bins), zeros to the last places.

    Args:
        low: uint8 (bins + SPARE,), changed in place.
        high: uint32 (bins + SPARE,), changed in place; low + high, modulo 2^32, are the counts.
        function: of `roots_of`.
    """

    def __init__(
        self, low: NDArray[np.uint8], high: NDArray[np.uint32], function: Any = _COUNT_ROOTS
    ) -> None:
        self._tables = low, high  # so that their addresses stay theirs
        self._spare = high.size - SPARE
        self._addresses = low.ctypes.data, high.ctypes.data, self._spare
        self._function, self._largest = function, c_float()

    def reach(self, exponent: int) -> None:
        """Set the range, 2^exponent, from 2^-126 to 2^128; the counts are the caller's to merge."""
        limit = ((exponent + 127) << 23) - 1  # the bits of the largest number below
        self._range = math.ldexp(1.0, -exponent), float(self._spare)
        self._tail = *self._addresses, limit, byref(self._largest)

    def count(self, values: NDArray[np.float32]) -> tuple[int, float]:
        """Count contiguous float32 (n,).

        Returns:
            How many values were counted, and the largest |x| of them. If not all were, there is
            one at or beyond the range, or not finite, within the next few thousand.
        """
        counted, most = 0, 0.0
        for part in whole(values, WIDTH):
            taken = self._function(part.ctypes.data, part.size, *self._range, *self._tail)
            counted += taken
            most = max(most, self._largest.value)
            if taken < part.size:
                break
        if counted > values.size:
            self._tables[1][self._spare :][:1] -= np.uint32(counted - values.size)  # filled up
            counted = values.size
        return counted, most


def count_equal(
    values: NDArray[np.float32], limit: float, bins: int, counts: NDArray[np.uint32]
) -> None:
    """Add to counts[LANES * min(floor(|x| / limit * bins), bins - 1) + lane], zeros as above.

    Args:
        values: contiguous float32 (n,), finite.
        limit: range of the bins, above 0.
        bins: number of bins.
        counts: uint32 (LANES * bins + SPARE,), changed in place.
    """
    spare = counts.size - SPARE
    for part in whole(values, WIDTH):
        _COUNT_EQUAL(part.ctypes.data, part.size, limit, bins, counts.ctypes.data, spare)
    counts[spare:][values.size % WIDTH or WIDTH :] -= np.uint32(1)  # what fills up the last 16


def add_sums(a: NDArray[np.float32], b: NDArray[np.float32], totals: NDArray[np.float64]) -> None:
    """Add the sums that `metrics` takes of two blobs.

    Args:
        a: the reference, contiguous float32 (n,); n is a multiple of LANES.
        b: likewise.
        totals: contiguous float64 (SUMS, LANES), changed in place.
    """
    _ADD_SUMS(a.ctypes.data, b.ctypes.data, a.size, totals.ctypes.data)

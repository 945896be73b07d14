"""The loops over all values, compiled for this processor when this file is imported.

They are written as LLVM's intermediate code, on 16 values at a time, and compiled by llvmlite
within some hundredths of a second, without a file to keep. Numbers of bins are computed for the
16 together, and then counted one by one. Zeros are frequent after a ReLU; they go round `SPARE`
places behind the bins, for a processor is slow to count in one place again and again.

Called through ctypes, so that other threads run meanwhile.

Source of the language: LLVM, llvm/docs/LangRef.rst.
"""

from __future__ import annotations

from ctypes import CFUNCTYPE, c_float, c_size_t, c_uint32, c_void_p
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from workbench.numerics.compiled import LANES, SPARE

_WIDTH = 16
_MAGNITUDE = 0x7FFFFFFF


def _every(kind: str, value: object) -> str:
    return "<" + ", ".join([f"{kind} {value}"] * _WIDTH) + ">"


def _by_lane(modulus: int) -> str:
    return "<" + ", ".join(f"i32 {lane % modulus}" for lane in range(_WIDTH)) + ">"


def _splat(name: str, kind: str) -> str:
    return f"""
  %{name}.1 = insertelement <16 x {kind}> poison, {kind} %{name}, i32 0
  %{name}.all = shufflevector
    <16 x {kind}> %{name}.1, <16 x {kind}> poison, <16 x i32> zeroinitializer"""


def _load() -> str:
    return f"""
  %at = getelementptr float, ptr %values, i64 %i
  %bits = load <16 x i32>, ptr %at, align 4
  %size = and <16 x i32> %bits, {_every("i32", _MAGNITUDE)}
  %magnitude = bitcast <16 x i32> %size to <16 x float>"""


def _counter(name: str, parameter: str, place: str) -> str:
    """A function that adds to counts[number], or behind the bins for zeros."""
    count = ""
    for i in range(_WIDTH):
        count += f"""
  %number.{i} = extractelement <16 x i32> %chosen, i32 {i}
  %wide.{i} = zext i32 %number.{i} to i64
  %bin.{i} = getelementptr i32, ptr %counts, i64 %wide.{i}
  %old.{i} = load i32, ptr %bin.{i}, align 4
  %new.{i} = add i32 %old.{i}, 1
  store i32 %new.{i}, ptr %bin.{i}, align 4"""
    return f"""
define void @{name}(
  ptr %values, i64 %n, float %{parameter}, float %bins, ptr %counts, i32 %spare
) {{
start:{_splat(parameter, "float")}{_splat("bins", "float")}{_splat("spare", "i32")}
  %behind = add <16 x i32> %spare.all, {_by_lane(SPARE)}
  %last = fsub <16 x float> %bins.all, {_every("float", "1.0")}
  %none = icmp eq i64 %n, 0
  br i1 %none, label %end, label %loop
loop:
  %i = phi i64 [0, %start], [%next, %loop]{_load()}{place}
  %zero = icmp eq <16 x i32> %size, zeroinitializer
  %chosen = select <16 x i1> %zero, <16 x i32> %behind, <16 x i32> %place{count}
  %next = add i64 %i, 16
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %end
end:
  ret void
}}"""


_ROOTS = """
  %scaled = fmul <16 x float> %magnitude, %factor.all
  %root = call <16 x float> @llvm.sqrt.v16f32(<16 x float> %scaled)
  %real = fmul <16 x float> %root, %bins.all
  %place = fptosi <16 x float> %real to <16 x i32>"""

_EQUAL = f"""
  %share = fdiv <16 x float> %magnitude, %limit.all
  %real = fmul <16 x float> %share, %bins.all
  %inside = fcmp olt <16 x float> %real, %last
  %cut = select <16 x i1> %inside, <16 x float> %real, <16 x float> %last
  %bin = fptosi <16 x float> %cut to <16 x i32>
  %group = mul <16 x i32> %bin, {_every("i32", LANES)}
  %place = add <16 x i32> %group, {_by_lane(LANES)}"""

_CODE = f"""
declare <16 x float> @llvm.sqrt.v16f32(<16 x float>)
declare <16 x i32> @llvm.umax.v16i32(<16 x i32>, <16 x i32>)
declare i32 @llvm.vector.reduce.umax.v16i32(<16 x i32>)

define i32 @largest_bits(ptr %values, i64 %n) {{
start:
  br label %loop
loop:
  %i = phi i64 [0, %start], [%next, %loop]
  %most = phi <16 x i32> [zeroinitializer, %start], [%both, %loop]{_load()}
  %both = call <16 x i32> @llvm.umax.v16i32(<16 x i32> %most, <16 x i32> %size)
  %next = add i64 %i, 16
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %end
end:
  %result = call i32 @llvm.vector.reduce.umax.v16i32(<16 x i32> %both)
  ret i32 %result
}}
{_counter("count_roots", "factor", _ROOTS)}
{_counter("count_equal", "limit", _EQUAL)}
"""


def _engine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(llvm.get_host_cpu_name(), features, opt=3, jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(_CODE), machine)
    engine.finalize_object()
    return engine


_ENGINE = _engine()  # the functions live as long as it does
_LARGEST = CFUNCTYPE(c_uint32, c_void_p, c_size_t)(_ENGINE.get_function_address("largest_bits"))
_COUNT = CFUNCTYPE(None, c_void_p, c_size_t, c_float, c_float, c_void_p, c_uint32)
_COUNT_ROOTS = _COUNT(_ENGINE.get_function_address("count_roots"))
_COUNT_EQUAL = _COUNT(_ENGINE.get_function_address("count_equal"))


def largest(values: NDArray[np.float32]) -> float:
    """Return the largest |x| of contiguous float32 (n,); NaN is larger than infinity."""
    bits = max(_LARGEST(part.ctypes.data, part.size) if part.size else 0 for part in _whole(values))
    return float(np.uint32(bits).view(np.float32))


def count_roots(
    values: NDArray[np.float32], factor: float, bins: int, counts: NDArray[np.uint32]
) -> None:
    """Add to counts[floor(sqrt(|x| * factor) * bins)], zeros to the last `SPARE` places.

    Args:
        values: contiguous float32 (n,), finite.
        factor: so small that no bin is beyond the last.
        bins: number of bins.
        counts: uint32 (bins + SPARE,), changed in place.
    """
    _count(_COUNT_ROOTS, values, factor, bins, counts)


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
    _count(_COUNT_EQUAL, values, limit, bins, counts)


def _count(
    function: Any,
    values: NDArray[np.float32],
    parameter: float,
    bins: int,
    counts: NDArray[np.uint32],
) -> None:
    spare = counts.size - SPARE
    for part in _whole(values):
        function(part.ctypes.data, part.size, parameter, bins, counts.ctypes.data, spare)
    for lane in range(values.size % _WIDTH, _WIDTH if values.size % _WIDTH else 0):
        counts[spare + lane % SPARE] -= 1  # what fills up the last 16


def _whole(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cut values into whole groups of 16 and the rest, filled up with zeros."""
    even = values.size // _WIDTH * _WIDTH
    rest = np.zeros(_WIDTH if values.size > even else 0, np.float32)
    rest[: values.size - even] = values[even:]
    return values[:even], rest

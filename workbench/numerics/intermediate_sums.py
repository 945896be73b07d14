"""The loop that compares two blobs, in LLVM's intermediate code: eight values at a time.

Value i goes to lane i mod 64 of each sum, so that NumPy can add in the same order (`metrics`) and
both give the same bits: nothing is fused or reordered here.
"""

from __future__ import annotations

LANES = 64
_WIDTH = 8
_SUMS = ("signal", "result", "product", "noise", "distance", "known", "ratios", "small", "shares")
SUMS = len(_SUMS)


def code() -> str:
    """The function add_sums; see `workbench.numerics.loops`."""
    ones = "<" + ", ".join(["double 1.0"] * _WIDTH) + ">"
    add = "".join(
        f"""
  %{name}.at = getelementptr double, ptr %lanes, i64 {LANES * row}
  %{name}.old = load <8 x double>, ptr %{name}.at, align 8
  %{name}.new = fadd <8 x double> %{name}.old, %{name}
  store <8 x double> %{name}.new, ptr %{name}.at, align 8"""
        for row, name in enumerate(_SUMS)
    )
    return f"""
declare <8 x double> @llvm.fabs.v8f64(<8 x double>)

define void @add_sums(
  ptr noalias %reference, ptr noalias %values, i64 %n, ptr noalias %totals
) {{
start:
  %none = icmp eq i64 %n, 0
  br i1 %none, label %end, label %loop
loop:
  %i = phi i64 [0, %start], [%next, %loop]
  %a.at = getelementptr float, ptr %reference, i64 %i
  %a.single = load <8 x float>, ptr %a.at, align 4
  %a = fpext <8 x float> %a.single to <8 x double>
  %b.at = getelementptr float, ptr %values, i64 %i
  %b.single = load <8 x float>, ptr %b.at, align 4
  %b = fpext <8 x float> %b.single to <8 x double>
  %signal = fmul <8 x double> %a, %a
  %result = fmul <8 x double> %b, %b
  %product = fmul <8 x double> %a, %b
  %error = fsub <8 x double> %a, %b
  %noise = fmul <8 x double> %error, %error
  %distance = call <8 x double> @llvm.fabs.v8f64(<8 x double> %error)
  %size = call <8 x double> @llvm.fabs.v8f64(<8 x double> %a)
  %is.known = fcmp une <8 x double> %size, zeroinitializer
  %known = select <8 x i1> %is.known, <8 x double> {ones}, <8 x double> zeroinitializer
  %ratio = fdiv <8 x double> %distance, %size
  %ratios = select <8 x i1> %is.known, <8 x double> %ratio, <8 x double> zeroinitializer
  %is.low = fcmp ole <8 x double> %ratio, {ones}
  %is.small = and <8 x i1> %is.low, %is.known
  %small = select <8 x i1> %is.small, <8 x double> {ones}, <8 x double> zeroinitializer
  %shares = select <8 x i1> %is.small, <8 x double> %ratio, <8 x double> zeroinitializer
  %lane = and i64 %i, {LANES - 1}
  %lanes = getelementptr double, ptr %totals, i64 %lane{add}
  %next = add i64 %i, {_WIDTH}
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %end
end:
  ret void
}}
"""

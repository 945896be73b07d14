"""The loops over all values, in LLVM's intermediate code: 16 values at a time.

Numbers of bins are computed for the 16 together, and then counted one by one. Zeros are frequent
after a ReLU: where the processor can pack numbers tightly (AVX-512) they are left out before
counting; else they go round `SPARE` places behind the bins, for a processor is slow to count in
one place again and again.

The range of fine bins grows with the values, so those are looked at and counted in one sweep, a
block at a time: the first block that has a value beyond the range ends it.

Fine bins are many, and their counts leave the processor's cache while the network runs. So they
are counted in bytes, which take a quarter of the room; one that runs over carries 256.

Source of the language: LLVM, llvm/docs/LangRef.rst.
"""

from __future__ import annotations

from workbench.numerics.compiled import LANES, SPARE

WIDTH = 16
_BLOCK = 2048
"""Values whose numbers of bins wait together."""
_ROW = 8
_MAGNITUDE = 0x7FFFFFFF


def code(pack: bool) -> str:
    """The functions largest_bits, count_roots and count_equal; see `workbench.numerics.loops`.

    Args:
        pack: leave zeros out before counting; without AVX-512 that is slow.
    """
    return _HEAD + _roots(pack) + _equal()


def _every(kind: str, value: object) -> str:
    return "<" + ", ".join([f"{kind} {value}"] * WIDTH) + ">"


def _by_lane(modulus: int) -> str:
    return "<" + ", ".join(f"i32 {lane % modulus}" for lane in range(WIDTH)) + ">"


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


def _roots(pack: bool) -> str:
    """Numbers of bins of a block into a buffer, then counted in bytes, eight in a row."""
    keep = (
        "call void @llvm.masked.compressstore.v16i32(<16 x i32> %place, ptr %to, <16 x i1> %some)"
    )
    if not pack:
        keep = """%chosen = select <16 x i1> %some, <16 x i32> %place, <16 x i32> %behind
  store <16 x i32> %chosen, ptr %to, align 4"""
    kept = "zext i16 %ones to i64" if pack else "add i64 0, 16"
    count, carries = "", ""
    for i in range(_ROW):
        count += f"""
  %from.{i} = getelementptr i32, ptr %row, i64 {i}
  %number.{i} = load i32, ptr %from.{i}, align 4
  %wide.{i} = zext i32 %number.{i} to i64
  %byte.{i} = getelementptr i8, ptr %low, i64 %wide.{i}
  %old.{i} = load i8, ptr %byte.{i}, align 1
  %new.{i} = add i8 %old.{i}, 1
  store i8 %new.{i}, ptr %byte.{i}, align 1
  %over.{i} = icmp eq i8 %new.{i}, 0
  br i1 %over.{i}, label %carry.{i}, label %on.{i}, !prof !0
on.{i}:"""
        carries += f"""
carry.{i}:
  %more.{i} = getelementptr i32, ptr %high, i64 %wide.{i}
  %few.{i} = load i32, ptr %more.{i}, align 4
  %many.{i} = add i32 %few.{i}, 256
  store i32 %many.{i}, ptr %more.{i}, align 4
  br label %on.{i}"""
    return f"""
define i64 @count_roots(
  ptr %values, i64 %n, float %factor, float %bins, ptr %low, ptr %high, i32 %spare,
  i32 %limit, ptr %largest
) {{
start:{_splat("factor", "float")}{_splat("bins", "float")}{_splat("spare", "i32")}
  %behind = add <16 x i32> %spare.all, {_by_lane(SPARE)}
  %buffer = alloca i32, i64 {_BLOCK + WIDTH}, align 64
  %spare.wide = zext i32 %spare to i64
  %zeros = getelementptr i32, ptr %high, i64 %spare.wide
  %none = icmp eq i64 %n, 0
  br i1 %none, label %end, label %block
block:
  %begin = phi i64 [0, %start], [%stop, %counted]
  %before = phi i32 [0, %start], [%most.all, %counted]
  %left = sub i64 %n, %begin
  %size.b = call i64 @llvm.umin.i64(i64 %left, i64 {_BLOCK})
  %stop = add i64 %begin, %size.b
  br label %fill
fill:
  %i = phi i64 [%begin, %block], [%i.next, %fill]
  %k = phi i64 [0, %block], [%k.next, %fill]
  %most = phi <16 x i32> [zeroinitializer, %block], [%both, %fill]{_load()}
  %both = call <16 x i32> @llvm.umax.v16i32(<16 x i32> %most, <16 x i32> %size)
  %scaled = fmul <16 x float> %magnitude, %factor.all
  %root = call <16 x float> @llvm.sqrt.v16f32(<16 x float> %scaled)
  %real = fmul <16 x float> %root, %bins.all
  %place = fptosi <16 x float> %real to <16 x i32>
  %some = icmp ne <16 x i32> %size, zeroinitializer
  %mask = bitcast <16 x i1> %some to i16
  %ones = call i16 @llvm.ctpop.i16(i16 %mask)
  %to = getelementptr i32, ptr %buffer, i64 %k
  {keep}
  %kept = {kept}
  %k.next = add i64 %k, %kept
  %i.next = add i64 %i, 16
  %filling = icmp ult i64 %i.next, %stop
  br i1 %filling, label %fill, label %filled
filled:
  %most.here = call i32 @llvm.vector.reduce.umax.v16i32(<16 x i32> %both)
  %beyond = icmp ugt i32 %most.here, %limit
  br i1 %beyond, label %end, label %inside
inside: ; up to a whole row with a spare number, which is then taken off again
  %most.all = call i32 @llvm.umax.i32(i32 %before, i32 %most.here)
  %end.of = getelementptr i32, ptr %buffer, i64 %k.next
  store <16 x i32> %spare.all, ptr %end.of, align 4
  %k.more = add i64 %k.next, {_ROW - 1}
  %whole = and i64 %k.more, {-_ROW}
  %apart = sub i64 %size.b, %whole
  %apart.32 = trunc i64 %apart to i32
  %zeros.old = load i32, ptr %zeros, align 4
  %zeros.new = add i32 %zeros.old, %apart.32
  store i32 %zeros.new, ptr %zeros, align 4
  %empty = icmp eq i64 %whole, 0
  br i1 %empty, label %counted, label %count
count:
  %j = phi i64 [0, %inside], [%j.next, %on.{_ROW - 1}]
  %row = getelementptr i32, ptr %buffer, i64 %j{count}
  %j.next = add i64 %j, {_ROW}
  %counting = icmp ult i64 %j.next, %whole
  br i1 %counting, label %count, label %counted
counted:
  %again = icmp ult i64 %stop, %n
  br i1 %again, label %block, label %end
end:
  %taken = phi i64 [0, %start], [%begin, %filled], [%n, %counted]
  %most.taken = phi i32 [0, %start], [%before, %filled], [%most.all, %counted]
  store i32 %most.taken, ptr %largest
  ret i64 %taken{carries}
}}"""


def _equal() -> str:
    """Numbers of 16 bins at a time, counted one by one."""
    count = ""
    for i in range(WIDTH):
        count += f"""
  %number.{i} = extractelement <16 x i32> %chosen, i32 {i}
  %wide.{i} = zext i32 %number.{i} to i64
  %bin.{i} = getelementptr i32, ptr %counts, i64 %wide.{i}
  %old.{i} = load i32, ptr %bin.{i}, align 4
  %new.{i} = add i32 %old.{i}, 1
  store i32 %new.{i}, ptr %bin.{i}, align 4"""
    return f"""
define void @count_equal(
  ptr %values, i64 %n, float %limit, float %bins, ptr %counts, i32 %spare
) {{
start:{_splat("limit", "float")}{_splat("bins", "float")}{_splat("spare", "i32")}
  %behind = add <16 x i32> %spare.all, {_by_lane(SPARE)}
  %last = fsub <16 x float> %bins.all, {_every("float", "1.0")}
  %none = icmp eq i64 %n, 0
  br i1 %none, label %end, label %loop
loop:
  %i = phi i64 [0, %start], [%next, %loop]{_load()}
  %share = fdiv <16 x float> %magnitude, %limit.all
  %real = fmul <16 x float> %share, %bins.all
  %inside = fcmp olt <16 x float> %real, %last
  %cut = select <16 x i1> %inside, <16 x float> %real, <16 x float> %last
  %bin = fptosi <16 x float> %cut to <16 x i32>
  %group = mul <16 x i32> %bin, {_every("i32", LANES)}
  %place = add <16 x i32> %group, {_by_lane(LANES)}
  %zero = icmp eq <16 x i32> %size, zeroinitializer
  %chosen = select <16 x i1> %zero, <16 x i32> %behind, <16 x i32> %place{count}
  %next = add i64 %i, 16
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %end
end:
  ret void
}}"""


_HEAD = f"""
declare i64 @llvm.umin.i64(i64, i64)
declare i16 @llvm.ctpop.i16(i16)
declare void @llvm.masked.compressstore.v16i32(<16 x i32>, ptr, <16 x i1>)
declare <16 x float> @llvm.sqrt.v16f32(<16 x float>)
declare i32 @llvm.umax.i32(i32, i32)
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
!0 = !{{!"branch_weights", i32 1, i32 2000}}
"""

"""Matrix products.

Source: Tencent/ncnn, src/layer/gemm.cpp, matmul.cpp, einsum.cpp: load_param and load_model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from workbench.ops.block_quantization import block_bytes, block_of, check_quantize_term
from workbench.ops.op import (
    TWO,
    Count,
    Int8,
    Op,
    Values,
    WeightSpec,
    flag,
    integer,
    integers,
    packed,
    raw,
    real,
    tagged,
)
from workbench.ops.shape_rules import MisfitError, Shape, require

_EQUATION = re.compile("ii|[i-x]+(,[i-x]+)*->(i|ij|ijk|ijkl)")


def _gemm_bottoms(values: Values) -> Count:
    """A and B unless they are constants, then C if it is given and no constant."""
    if values.constantA == 1 and values.constantB == 1 and not values.constantC:
        return (1, 1)
    needed = (values.constantA != 1) + (values.constantB != 1)
    return (needed, needed + (values.constantC != 1))


def _check_gemm(values: Values) -> Iterator[str]:
    for matrix, sides in (("A", "MK"), ("B", "NK")):
        for side in sides:
            if values[f"constant{matrix}"] == 1 and values[f"constant{side}"] < 1:
                yield f"constant{side} must be at least 1 where {matrix} is a constant"
    broadcast = values.constant_broadcast_type_C
    if values.constantC == 1 and not -1 <= broadcast <= 4:
        yield f"constant_broadcast_type_C (key 10) is {broadcast}, and must be -1 to 4"


def _check_gemm_blocks(values: Values) -> Iterator[str]:
    if block_of(values.quantize_term) is None:
        return
    if values.constantA or values.constantB != 1 or values.transB != 1:
        yield "weights in blocks need a constant, transposed B and no constant A"


def _matrix(name: str, rows: int, columns: int, transposed: int, int8: Int8) -> WeightSpec:
    shape = (columns, rows) if transposed else (rows, columns)
    return tagged(name, *shape, int8=int8)


def _gemm_weights(values: Values) -> Iterator[WeightSpec]:
    m, n, k = values.constantM, values.constantN, values.constantK
    block = block_of(values.quantize_term)
    int8: Int8 = "may" if values.quantize_term and block is None else "never"
    if values.constantA == 1:
        yield _matrix("A", m, k, values.transA, int8)
    if values.constantB == 1 and block:
        yield packed("B", n, block_bytes(k, block.bits))
    elif values.constantB == 1:
        yield _matrix("B", k, n, values.transB, int8)
    if values.constantC == 1 and values.constant_broadcast_type_C != -1:
        shapes = ((1,), (m,), (m, 1), (m, n), (1, n))
        yield tagged("C", *shapes[values.constant_broadcast_type_C])
    if block:
        yield raw("B_quantize_scales", n, block.count(k))
        if block.input_scales:
            yield raw("B_input_scales", k)
    elif values.quantize_term:
        if values.constantA == 1:
            yield raw("A_int8_scales", m)
        if values.constantB == 1:
            yield raw("B_int8_scale", 1)


def _matrix_shape(shape: Shape) -> tuple[int | None, int | None]:
    """Rows and columns of a bottom as a matrix: a vector is one row, (c, 1, w) has c rows."""
    if shape is None:
        return None, None
    return (1 if len(shape) == 1 else shape[-2] if len(shape) == 2 else shape[0], shape[-1])


def _gemm_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    """(M, K) times (K, N); each side may be a constant, and may lie transposed."""
    fed = [_matrix_shape(shape) for shape in bottoms]
    a, b = (values.constantM, values.constantK), (values.constantK, values.constantN)
    if values.constantA != 1 and fed:
        a = _turned(fed.pop(0), values.transA)
    if values.constantB != 1 and fed:
        b = _turned(fed.pop(0), values.transB)
    _check_inner(a[1], b[0])
    if values.constantC == 1 and values.constant_broadcast_type_C in (1, 2, 3):
        require("rows", values.constantM, a[0])
    if values.constantC == 1 and values.constant_broadcast_type_C in (3, 4):
        require("columns", values.constantN, b[1])
    odd = values.output_N1M or values.output_transpose or values.output_elempack
    return [None if odd or None in bottoms else (a[0], b[1])]


def _matmul_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    left, right = bottoms
    if left is None or right is None or min(len(left), len(right)) < 2:
        return [None]
    inner, outer = (-1, -2) if values.transB else (-2, -1)
    _check_inner(left[-1], right[inner])
    if len(left) == len(right) == 2:
        return [(left[0], right[outer])]
    return [None]


def _turned(sides: tuple[int | None, int | None], transposed: int) -> tuple[int | None, int | None]:
    return (sides[1], sides[0]) if transposed else sides


def _check_inner(left: int | None, right: int | None) -> None:
    if left and right and left != right:
        raise MisfitError(f"it multiplies rows of {left} with columns of {right}")


def _check_einsum(values: Values) -> Iterator[str]:
    """The letters of an equation such as "ij,jk->ik" are held as numbers."""
    equation = "".join(chr(code) if 0 < code < 128 else "?" for code in values.equation)
    if not _EQUATION.fullmatch(equation):
        yield f"the equation {equation!r} (key 0) is none that ncnn knows"


def _einsum_bottoms(values: Values) -> Count:
    operands = 1 + values.equation.count(ord(","))
    return (operands, operands)


GEMM = Op(
    "Gemm",
    "y = alpha * A B + beta * C for matrices, each an input or a constant.",
    (
        real(0, "alpha", 1.0),
        real(1, "beta", 1.0),
        flag(2, "transA"),
        flag(3, "transB"),
        integer(4, "constantA", 0, low=0, high=1),
        integer(5, "constantB", 0, low=0, high=1),
        integer(6, "constantC", 0, low=0, high=1),
        integer(7, "constantM"),
        integer(8, "constantN"),
        integer(9, "constantK"),
        integer(10, "constant_broadcast_type_C"),
        flag(11, "output_N1M"),
        integer(12, "output_elempack", 0, low=0),
        integer(13, "output_elemtype"),
        flag(14, "output_transpose"),
        integer(18, "quantize_term", 0, low=0),
        integer(20, "constant_TILE_M"),
        integer(21, "constant_TILE_N"),
        integer(22, "constant_TILE_K"),
    ),
    _gemm_weights,
    _gemm_bottoms,
    rules=(_check_gemm, check_quantize_term, _check_gemm_blocks),
    shapes=_gemm_shapes,
)

OPS = (
    GEMM,
    Op(
        "MatMul",
        "The product of two matrices.",
        (flag(0, "transB"),),
        bottoms=TWO,
        shapes=_matmul_shapes,
    ),
    Op(
        "Einsum",
        "Products summed over the indices that the right side of an equation lacks.",
        (integers(0, "equation"),),
        bottoms=_einsum_bottoms,
        rules=(_check_einsum,),
    ),
)

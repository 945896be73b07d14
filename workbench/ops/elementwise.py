"""Arithmetic on each element, of one blob or of several.

Source: Tencent/ncnn, src/layer/binaryop.cpp, eltwise.cpp, unaryop.cpp.
"""

from __future__ import annotations

from workbench.ops.op import ONE, TWO, Op, flag, integer, real, reals

OPS = (
    Op(
        "BinaryOp",
        "Adds, multiplies or compares two blobs (or a blob and a number), element by element.",
        (integer(0, "op_type", 0, low=0), flag(1, "with_scalar"), real(2, "b")),
        bottoms=lambda values: ONE if values.with_scalar else TWO,
    ),
    Op(
        "Eltwise",
        "Product, weighted sum or maximum of several blobs of one shape.",
        (integer(0, "op_type", 0, low=0, high=2), reals(1, "coeffs")),
        bottoms=(2, None),
    ),
    Op(
        "UnaryOp",
        "abs, sqrt, exp and their kin, element by element.",
        (integer(0, "op_type", 0, low=0),),
    ),
)

"""Arithmetic on each element, of one blob or of several.

Source: Tencent/ncnn, src/layer/binaryop.cpp, eltwise.cpp, unaryop.cpp, power.cpp and others.
"""

from __future__ import annotations

from workbench.ops.op import ONE, TWO, Count, Op, Param, Values, flag, integer, real, reals

BINARY = (
    *("add", "sub", "mul", "div", "max", "min", "pow", "rsub", "rdiv", "rpow", "atan2"),
    *("ratan2", "fmod", "rfmod", "logaddexp", "floor_divide", "rfloor_divide"),
    *("remainder", "rremainder"),
)
"""What op_type of a BinaryOp means; r... takes its operands the other way round."""

UNARY = (
    *("abs", "neg", "floor", "ceil", "square", "sqrt", "rsqrt", "exp", "log", "sin", "cos"),
    *("tan", "asin", "acos", "atan", "reciprocal", "tanh", "log10", "round", "trunc", "sign"),
    *("expm1", "sinh", "asinh", "cosh", "acosh", "atanh", "log1p"),
)
"""What op_type of a UnaryOp means."""

ELTWISE = ("prod", "sum", "max")
"""What op_type of an Eltwise means."""


def _binary_bottoms(values: Values) -> Count:
    return ONE if values.with_scalar else TWO


def _eltwise_bottoms(values: Values) -> Count:
    """A sum reads a coefficient for each bottom, if it has any."""
    weighted = ELTWISE[values.op_type] == "sum" and len(values.coeffs)
    return (2, max(2, len(values.coeffs)) if weighted else None)


def _power(name: str, default: float) -> tuple[Param, ...]:
    return (real(0, name, default), real(1, "scale", 1.0), real(2, "shift"))


OPS = (
    Op(
        "BinaryOp",
        "Adds, multiplies or compares two blobs (or a blob and a number), element by element.",
        (
            integer(0, "op_type", 0, low=0, high=len(BINARY) - 1),
            flag(1, "with_scalar"),
            real(2, "b"),
        ),
        bottoms=_binary_bottoms,
    ),
    Op(
        "Eltwise",
        "Product, weighted sum or maximum of several blobs of one shape.",
        (integer(0, "op_type", 0, low=0, high=len(ELTWISE) - 1), reals(1, "coeffs")),
        bottoms=_eltwise_bottoms,
    ),
    Op(
        "UnaryOp",
        "abs, sqrt, sin and their kin, element by element.",
        (integer(0, "op_type", 0, low=0, high=len(UNARY) - 1),),
    ),
    Op("AbsVal", "y = |x|, the size of each element without its sign."),
    Op("Erf", "y = erf(x): how much of a bell curve lies within x."),
    Op("Power", "y = (shift + x * scale) ^ power.", _power("power", 1.0)),
    Op("Exp", "y = base ^ (shift + x * scale); base -1 stands for e.", _power("base", -1.0)),
    Op("Log", "y = log(shift + x * scale) to a base; -1 stands for e.", _power("base", -1.0)),
    Op("CumulativeSum", "Each element plus all before it along an axis.", (integer(0, "axis"),)),
)

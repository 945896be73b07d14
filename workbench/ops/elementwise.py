"""Arithmetic on each element, of one blob or of several.

Source: Tencent/ncnn, src/layer/binaryop.cpp, eltwise.cpp, unaryop.cpp, power.cpp and others.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from workbench.ops.op import ONE, TWO, Count, Op, Param, Values, flag, integer, real, reals
from workbench.ops.scale_rules import SAME_WISHED, ScaleRule, wished
from workbench.ops.shape_rules import MisfitError, Shape, merge, same

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


def _binary_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    if len(bottoms) == 1:
        return bottoms
    return [broadcast(*bottoms)]


def broadcast(left: Shape, right: Shape) -> Shape:
    """Return the shape of an operation between two blobs, where an axis of length 1 stretches.

    The axes of the blob with fewer of them meet the first axes of the other; a vector meets
    the last one if its length does not fit the first.

    Raises:
        MisfitError: the shapes do not go together.
    """
    if left is None or right is None:
        return None
    short, long = sorted((left, right), key=len)
    if len(short) < len(long):
        short = _stretched(short, long)
    return tuple(_longer(a, b, (left, right)) for a, b in zip(short, long, strict=True))


def _stretched(
    short: tuple[int | None, ...], long: tuple[int | None, ...]
) -> tuple[int | None, ...]:
    ones = (1,) * (len(long) - len(short))
    if len(short) > 1 or short[0] == long[0]:
        return (*short, *ones)
    return (None,) * len(long) if None in (short[0], long[0]) else (*ones, *short)


def _longer(a: int | None, b: int | None, both: tuple[Shape, Shape]) -> int | None:
    if a is None or b is None:
        return None
    if a != b and 1 not in (a, b):
        raise MisfitError(f"its inputs have the shapes {both[0]} and {both[1]}")
    return max(a, b)


def _eltwise_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    return [reduce(merge, bottoms)]


_ALIKE = ("add", "sub", "rsub", "max", "min")
"""Operations whose result is about as large as their operands."""


_PRODUCT = ScaleRule("rescaled", need=wished, reach=2.0, gated=True)
"""A gate is often about a half, so what passes it is about twice as large before."""


def _binary_scales(values: Values) -> ScaleRule | str:
    """A quotient says nothing of the scale of its operands, a product only with a gate."""
    name, number = BINARY[values.op_type], abs(values.b)
    if not values.with_scalar:
        if name == "mul":
            return _PRODUCT
        return SAME_WISHED if name in _ALIKE else f"BinaryOp {name} of two blobs computes in float"
    match name:
        case "add" | "sub" | "rsub":
            return ScaleRule("rescaled", need=lambda scale: 127 / (127 / scale + number))
        case "max" | "min":
            return SAME_WISHED
        case "mul" if number:
            return ScaleRule("rescaled", need=lambda scale: scale * number)
        case "div" if number:
            return ScaleRule("rescaled", need=lambda scale: scale / number)
    return f"BinaryOp {name} with a number computes in float"


def _eltwise_scales(values: Values) -> ScaleRule:
    return _PRODUCT if ELTWISE[values.op_type] == "prod" else SAME_WISHED


def _unary_scales(values: Values) -> ScaleRule | str:
    name = UNARY[values.op_type]
    if name in ("abs", "neg"):
        return SAME_WISHED
    return f"UnaryOp {name} computes in float"


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
        shapes=_binary_shapes,
        scales=_binary_scales,
    ),
    Op(
        "Eltwise",
        "Product, weighted sum or maximum of several blobs of one shape.",
        (integer(0, "op_type", 0, low=0, high=len(ELTWISE) - 1), reals(1, "coeffs")),
        bottoms=_eltwise_bottoms,
        shapes=_eltwise_shapes,
        scales=_eltwise_scales,
    ),
    Op(
        "UnaryOp",
        "abs, sqrt, sin and their kin, element by element.",
        (integer(0, "op_type", 0, low=0, high=len(UNARY) - 1),),
        shapes=same,
        scales=_unary_scales,
    ),
    Op(
        "AbsVal",
        "y = |x|, the size of each element without its sign.",
        shapes=same,
        scales=SAME_WISHED,
    ),
    Op("Erf", "y = erf(x): how much of a bell curve lies within x.", shapes=same),
    Op("Power", "y = (shift + x * scale) ^ power.", _power("power", 1.0), shapes=same),
    Op(
        "Exp",
        "y = base ^ (shift + x * scale); base -1 stands for e.",
        _power("base", -1.0),
        shapes=same,
    ),
    Op(
        "Log",
        "y = log(shift + x * scale) to a base; -1 stands for e.",
        _power("base", -1.0),
        shapes=same,
    ),
    Op(
        "CumulativeSum",
        "Each element plus all before it along an axis.",
        (integer(0, "axis"),),
        shapes=same,
    ),
)

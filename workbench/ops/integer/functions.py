"""OFFLINE: functions of one element in float64, by layer type, for tables of 256 entries.

ncnn computes some of them with approximations in float32; the difference is far below a level.

Source: Tencent/ncnn, src/layer/sigmoid.cpp and its neighbours, unaryop.cpp, binaryop.cpp.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import erf, sqrt
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from workbench.ops.elementwise import BINARY, UNARY
from workbench.ops.op import Values

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]


def function_of(type: str, values: Values) -> Function | None:
    """Return what a layer does to each element, or None if it does not treat each alone.

    Args:
        type: ncnn's layer type; a BinaryOp counts if it is with a scalar.
        values: its parameters.

    Returns:
        A function of float64 arrays in real units; it may give infinities or NaN.
    """
    make = FUNCTIONS.get(type)
    return make(values) if make else None


def _sigmoid(x: Floats) -> Floats:
    result: Floats = np.exp(-np.logaddexp(0.0, -x))
    return result


def _softplus(x: Floats) -> Floats:
    result: Floats = np.logaddexp(0.0, x)
    return result


def _erf(x: Floats) -> Floats:
    return np.array([erf(element) for element in x.ravel()]).reshape(x.shape)


def _elu(x: Floats, alpha: float) -> Floats:
    return np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x)


def _gelu(x: Floats, fast: bool) -> Floats:
    if not fast:
        return 0.5 * x * (1 + _erf(x / sqrt(2)))
    result: Floats = 0.5 * x * (1 + np.tanh(0.79788452 * (x + 0.044715 * x**3)))
    return result


def _gate(x: Floats, values: Values) -> Floats:
    gate: Floats = (values.alpha * x + values.beta).clip(0, 1)
    return gate


def _power(base: float, values: Values) -> Function:
    """An Exp layer; base -1 stands for e."""
    root = np.e if base == -1 else base
    return lambda x: np.power(root, values.shift + x * values.scale)


def _logarithm(values: Values) -> Function:
    """A Log layer; base -1 stands for e."""
    unit = 1.0 if values.base == -1 else float(np.log(values.base))
    return lambda x: np.log(values.shift + x * values.scale) / unit


def _shrink(x: Floats, values: Values) -> Floats:
    beyond = np.abs(x) > values.lambd
    return np.where(beyond, x - np.sign(x) * values.bias, 0.0)


_UNARY: Mapping[str, Function] = MappingProxyType(
    {
        **{name: getattr(np, name) for name in UNARY if hasattr(np, name)},
        "abs": np.abs,
        "neg": np.negative,
        "rsqrt": lambda x: 1 / np.sqrt(x),
        "asin": np.arcsin,
        "acos": np.arccos,
        "atan": np.arctan,
        "asinh": np.arcsinh,
        "acosh": np.arccosh,
        "atanh": np.arctanh,
        "round": np.rint,
    }
)

_BINARY: Mapping[str, Callable[[Floats, float], Floats]] = MappingProxyType(
    {
        "add": np.add,
        "sub": np.subtract,
        "mul": np.multiply,
        "div": np.divide,
        "max": np.maximum,
        "min": np.minimum,
        "pow": np.power,
        "rsub": lambda x, b: b - x,
        "rdiv": lambda x, b: b / x,
        "rpow": lambda x, b: np.power(b, x),
    }
)


def _with_scalar(values: Values) -> Function | None:
    operation = _BINARY.get(BINARY[values.op_type])
    if operation is None or not values.with_scalar:
        return None
    return lambda x: operation(x, values.b)


FUNCTIONS: Mapping[str, Callable[[Values], Function | None]] = MappingProxyType(
    {
        "AbsVal": lambda v: np.abs,
        "BinaryOp": _with_scalar,
        "BNLL": lambda v: _softplus,
        "CELU": lambda v: lambda x: _elu(x / v.alpha, 1.0) * v.alpha,
        "Clip": lambda v: lambda x: np.minimum(np.maximum(x, v.min), v.max),
        "Dropout": lambda v: lambda x: x * v.scale,
        "ELU": lambda v: lambda x: _elu(x, v.alpha),
        "Erf": lambda v: _erf,
        "Exp": lambda v: _power(v.base, v),
        "GELU": lambda v: lambda x: _gelu(x, bool(v.fast_gelu)),
        "HardSigmoid": lambda v: lambda x: _gate(x, v),
        "HardSwish": lambda v: lambda x: x * _gate(x, v),
        "Log": _logarithm,
        "Mish": lambda v: lambda x: x * np.tanh(_softplus(x)),
        "Power": lambda v: lambda x: np.power(v.shift + x * v.scale, v.power),
        "ReLU": lambda v: lambda x: np.where(x < 0, x * v.slope, x),
        "SELU": lambda v: lambda x: v["lambda"] * _elu(x, v.alpha),
        "Shrink": lambda v: lambda x: _shrink(x, v),
        "Sigmoid": lambda v: _sigmoid,
        "Softplus": lambda v: _softplus,
        "Swish": lambda v: lambda x: x * _sigmoid(x),
        "TanH": lambda v: np.tanh,
        "Threshold": lambda v: lambda x: (x > v.threshold).astype(np.float64),
        "UnaryOp": lambda v: _UNARY[UNARY[v.op_type]],
    }
)
"""From a layer's parameters to its function, by layer type."""

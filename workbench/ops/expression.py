"""Expressions that compute a shape from the shapes of the bottoms: `*(0w,2),//(0h,2),0c`.

A list of terms parted by commas; a term is a size (`0w`: the width of bottom 0; axes w, h, d,
c, n), a number, or an operator before its arguments in brackets. Source: Tencent/ncnn,
src/expression.cpp, eval_list_expression, which pops an empty stack if arguments are missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SIZE = re.compile(r"([0-9])[whdcn]")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_TWO = {
    *("+", "-", "*", "/", "//", "max", "min", "pow", "atan2", "fmod", "remainder"),
    *("logaddexp", "and", "or", "xor", "lshift", "rshift"),
}
_ONE = {
    *("abs", "neg", "sign", "square", "trunc", "ceil", "floor", "round", "reciprocal"),
    *("sqrt", "rsqrt", "exp", "log", "log10", "erf", "sin", "cos", "tan", "asin", "acos"),
    *("atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
}


def bottoms_of(expression: str) -> int:
    """Return how many bottoms an expression speaks of: the highest index and one."""
    sizes = (_SIZE.fullmatch(token) for token in _tokens(expression))
    return max((int(size[1]) + 1 for size in sizes if size), default=0)


def check_expression(expression: str) -> Iterator[str]:
    """Check that each operator has its arguments, and each token is known."""
    if expression.count("(") != expression.count(")"):
        yield f"the expression {expression!r} has brackets that do not match"
    depth = 0
    for token in reversed(_tokens(expression)):
        needed = 2 if token in _TWO else 1 if token in _ONE else 0
        if depth < needed:
            yield f"{token!r} lacks an argument in the expression {expression!r}"
        if not needed and not _SIZE.fullmatch(token) and not _NUMBER.fullmatch(token):
            yield f"{token!r} in the expression {expression!r} is not known"
        depth += 1 - needed


def _tokens(expression: str) -> list[str]:
    return [token for token in re.split(r"[(),]", expression) if token]

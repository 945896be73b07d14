from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.ops.expression import bottoms_of, check_expression


@pytest.mark.parametrize(
    ("expression", "bottoms"),
    [("", 0), ("2,3", 0), ("0w,-1", 1), ("*(0w,2),//(1h,2),0c", 2), ("max(0w,trunc(9d))", 10)],
)
def test_a_good_expression_passes_and_tells_its_bottoms(expression: str, bottoms: int) -> None:
    assert list(check_expression(expression)) == []
    assert bottoms_of(expression) == bottoms


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("+(0w)", "'+' lacks an argument"),
        ("sqrt", "'sqrt' lacks an argument"),
        ("*", "'*' lacks an argument"),
        ("(0w", "brackets that do not match"),
        ("0x", "'0x' in the expression '0x' is not known"),
        ("10w", "'10w' in the expression '10w' is not known"),
    ],
)
def test_a_bad_expression_is_told(expression: str, problem: str) -> None:
    assert problem in next(check_expression(expression))


@given(st.text(alphabet="0129whdcn+-*/(),. maxsqrtnd", max_size=60))
def test_any_text_is_judged(expression: str) -> None:
    assert bottoms_of(expression) <= 10
    assert all(isinstance(problem, str) for problem in check_expression(expression))

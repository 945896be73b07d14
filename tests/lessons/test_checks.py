from __future__ import annotations

import numpy as np
import pytest

from workbench.formats.param import parse_param
from workbench.lessons import check, exercise, same


@exercise
def double(attempt):
    """Double a number."""
    for x in (2, -3):
        yield "it is even", attempt(x) % 2 == 0
        yield "it agrees with x + x", attempt(x) == x + x


@exercise
def answer(attempt):
    """Say a number above ten."""
    yield "it is above ten", attempt.value > 10


def test_a_right_answer_lists_what_holds():
    verdict = check(double, lambda x: 2 * x)
    assert verdict.state == "right"
    assert verdict.holds == ("it is even", "it agrees with x + x")


def test_a_wrong_answer_names_the_claim_the_input_and_the_result():
    text = str(check(double, lambda x: 2 * abs(x)))
    assert "This should be true: it agrees with x + x" in text
    assert "for -3 it gave 6" in text


def test_a_claim_that_failed_once_is_not_said_to_hold():
    assert check(double, lambda x: 2 * abs(x)).holds == ("it is even",)


@pytest.mark.parametrize("stub", [None, ..., lambda x: None, lambda x: ...])
def test_a_stub_is_not_yet_an_answer(stub):
    verdict = check(double, stub)
    assert verdict.state == "not yet"
    assert "Not yet: Double a number." in verdict._repr_html_()


def test_a_value_is_checked_too():
    assert check(answer, 11).state == "right"
    assert check(answer, ...).state == "not yet"
    assert "your answer is 9" in str(check(answer, 9))


def test_an_error_is_shown_with_the_readers_line():
    def divide(x):
        return x / 0  # the line that is meant

    text = str(check(double, divide))
    assert "ZeroDivisionError" in text
    assert "return x / 0  # the line that is meant" in text


@pytest.mark.parametrize(
    "attempt", ["a text", 5, ["list"], lambda: 1, lambda x: "text", lambda x: {}]
)
def test_nothing_that_a_reader_writes_raises(attempt):
    assert check(double, attempt).state in ("wrong", "broken")
    assert check(answer, attempt).state in ("right", "wrong", "broken")


def test_what_the_reader_made_is_escaped():
    card = check(double, lambda x: "<script>alert(1)</script>")._repr_html_()
    assert "<script>" not in card
    assert "&lt;script&gt;" in card


def test_a_long_array_is_shortened():
    @exercise
    def empty(attempt):
        """Give an empty array."""
        yield "it is empty", attempt(np.arange(10_000)).size == 0

    verdict = check(empty, lambda x: x)
    assert len(str(verdict)) < 800
    assert "shape (10000,)" in verdict.said


def test_a_graph_is_said_by_its_layers_and_a_dictionary_by_its_values():
    graph = parse_param("7767517\n2 2\nInput data 0 1 data\nReLU relu 1 1 data relu")

    @exercise
    def empty(attempt):
        """Give nothing."""
        yield "it is empty", not attempt(graph, {"a": np.zeros(2)})

    verdict = check(empty, lambda graph, arrays: arrays)
    assert verdict.said.startswith("for the graph of data, relu, {'a': [0., 0.] (float64, shape")


def test_same_wants_the_same_shape():
    assert same([1, 2], np.array([1.0, 2.0]))
    assert not same([1, 1], 1)
    assert not same([1, 2], [1, 3])


def test_a_function_that_forgets_to_return_is_told_so():
    def half(x):
        if x >= 0:
            return x / 2
        return None

    def printed(x):
        print(x / 2)

    def stub(x): ...

    @exercise
    def halves(attempt):
        """Halve a number."""
        yield "1 is halved", attempt(1) == 0.5
        yield "-1 is halved", attempt(-1) == -0.5

    found = check(halves, half)
    assert (found.state, found.holds) == ("wrong", ("1 is halved",))
    assert "for -1 it gave None: is a `return` missing?" in str(found)
    assert check(halves, printed).state == "wrong"
    assert check(halves, stub).state == "not yet"

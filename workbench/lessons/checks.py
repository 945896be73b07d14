"""Exercises that check themselves, without telling the answer.

An exercise is a generator that tries the reader's attempt and yields claims, each with whether
it holds:

    @exercise
    def rounding(attempt):
        '''Round half away from zero.'''
        for x in (0.5, 2.5, -2.5):
            yield "a half goes away from zero", abs(attempt(x)) > abs(x)

The reader calls `check(lesson_01.rounding, my_function)`. The first claim that does not hold is
shown with the call that broke it. Nothing that the reader writes raises an error here.
"""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from reprlib import Repr
from typing import Any

import numpy as np

from workbench.graph import Graph
from workbench.lessons.card import RIGHT, WAITING, WRONG, card

Claims = Iterator[tuple[str, Any]]
LONGEST = 160
"""Characters of a value that are shown."""


class NotYet(Exception):  # noqa: N818  (no error: the reader has not begun)
    """The attempt is still a stub: it is, or gives, None or `...`."""


class Nothing(Exception):  # noqa: N818  (it is said in words)
    """The reader's function gave None, though it is no stub."""


class Broken(Exception):  # noqa: N818  (what the reader's own code raised is its cause)
    """The reader's function raised an error."""


class Attempt:
    """What the reader wrote: call it, if it is to be a function, or take its `value`.

    It remembers what it was last given and what came out, for the verdict.
    """

    def __init__(self, attempt: Any) -> None:
        self._attempt = attempt
        self.said = ""

    @property
    def value(self) -> Any:
        """The reader's answer, where it is no function.

        Raises:
            NotYet: it is None or `...`.
        """
        self.said = f"your answer is {_short(self._attempt)}"
        return _filled(self._attempt)

    def __call__(self, *arguments: Any) -> Any:
        """Call the reader's function.

        Raises:
            NotYet: it is a stub: it gave `...`, or None without doing anything.
            Nothing: it gave None.
            Broken: it raised an error, or is no function.
        """
        given = ", ".join(map(_short, arguments))
        self.said = f"it was called with {given}"
        if self._attempt is None or self._attempt is ...:
            raise NotYet
        try:
            result = self._attempt(*arguments)
        except Exception as error:
            raise Broken from error
        self.said = f"for {given} it gave {_short(result)}"
        if result is None and not _is_stub(self._attempt):
            raise Nothing
        return _filled(result)


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        name: the exercise's name.
        task: what the reader is to do, in one sentence.
        claims: tries an attempt.
    """

    name: str
    task: str
    claims: Callable[[Attempt], Claims]


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        state: "right", "wrong", "not yet" or "broken" (an error in the reader's code).
        task: the exercise's task.
        holds: the claims that hold.
        fails: the claim that does not, if one does not.
        said: the call, or the answer, that this was seen with.
    """

    state: str
    task: str
    holds: tuple[str, ...] = ()
    fails: str = ""
    said: str = ""

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    def _repr_html_(self) -> str:
        first, *others = map(escape, _lines(self))
        body = "<br>".join([f"<b>{first}</b>", *others])
        return card(body, {"right": RIGHT, "not yet": WAITING}.get(self.state, WRONG))


def exercise(claims: Callable[[Attempt], Claims]) -> Exercise:
    """Make an exercise of a generator of claims; its docstring is the task."""
    return Exercise(claims.__name__, (claims.__doc__ or "").strip(), claims)


def check(exercise: Exercise, attempt: Any) -> Verdict:
    """Try an attempt at an exercise, and say what holds and what does not.

    Args:
        exercise: one of `workbench.lessons.exercises`.
        attempt: the reader's function, or value.
    """
    tried = Attempt(attempt)
    holds: dict[str, None] = {}
    try:
        for claim, truth in exercise.claims(tried):
            if not _true(truth):
                kept = tuple(text for text in holds if text != claim)
                return Verdict("wrong", exercise.task, kept, claim, tried.said)
            holds[claim] = None
    except NotYet:
        return Verdict("not yet", exercise.task)
    except Nothing:
        said = f"{tried.said}: is a `return` missing?"
        return Verdict("wrong", exercise.task, tuple(holds), "it gives an answer", said)
    except Broken as broken:
        said = f"{tried.said}, and there was {_error(broken.__cause__)}"
        return Verdict("broken", exercise.task, tuple(holds), said=said)
    except Exception as error:  # the claim could not be tried on what came out
        fails = f"the answer can be used ({type(error).__name__}: {error})"
        return Verdict("wrong", exercise.task, tuple(holds), fails, tried.said)
    return Verdict("right", exercise.task, tuple(holds))


def same(result: Any, expected: Any) -> bool:
    """Whether two numbers or arrays have the same shape and the same values; types may differ."""
    return np.array_equal(np.asarray(result), np.asarray(expected))


def _lines(verdict: Verdict) -> list[str]:
    if verdict.state == "not yet":
        return [f"Not yet: {verdict.task}", "Fill in the stub above and run the cell again."]
    good = [f"✓ {text}" for text in verdict.holds]
    if verdict.state == "right":
        return ["Well done: every claim holds.", *good]
    bad = f"✗ This should be true: {verdict.fails}" if verdict.fails else "✗ The code stopped"
    return ["Not quite.", *good, bad, f"But {verdict.said}."]


def _is_stub(function: Any) -> bool:
    """Whether a function does nothing at all."""
    code = getattr(function, "__code__", None)
    return code is not None and code.co_code == (lambda: None).__code__.co_code


def _filled(value: Any) -> Any:
    if value is None or value is ...:
        raise NotYet
    return value


def _true(truth: Any) -> bool:
    return bool(np.all(truth))


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        text = np.array2string(value, threshold=12, edgeitems=3, precision=6, separator=", ")
        text = f"{' '.join(text.split())} ({value.dtype}, shape {value.shape})"
    elif isinstance(value, np.generic):
        text = str(value)
    elif isinstance(value, dict):
        text = f"{{{', '.join(f'{key!r}: {_short(item)}' for key, item in value.items())}}}"
    elif isinstance(value, Graph):
        text = f"the graph of {', '.join(layer.name for layer in value.layers)}"
    else:
        text = _REPR.repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _error(error: BaseException | None) -> str:
    """The error, and the reader's line that raised it."""
    frames = traceback.extract_tb(error.__traceback__ if error else None)[1:]
    own = [f for f in frames if "site-packages" not in f.filename] or frames
    text = f"{type(error).__name__}: {error}"
    if not own:
        return text
    line = own[0].line or linecache.getline(own[0].filename, own[0].lineno or 0)
    return f"{text} (line {own[0].lineno} of your cell: {line.strip()})"


_REPR = Repr()
_REPR.maxstring = _REPR.maxother = LONGEST

"""Every exercise of every lesson, with the right answer and with typical mistakes.

The answers stand in `answers_NN.py`: `RIGHT` has one for each exercise by its name, `WRONG` some.
"""

from __future__ import annotations

from importlib import import_module, util
from pathlib import Path
from types import ModuleType

import pytest

from workbench.lessons.checks import Exercise, check

HERE = Path(__file__).parent
NUMBERS = sorted(path.stem[-2:] for path in HERE.glob("answers_*.py"))


def answers(number: str) -> ModuleType:
    path = HERE / f"answers_{number}.py"
    spec = util.spec_from_file_location(path.stem, path)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def exercises(number: str) -> dict[str, Exercise]:
    module = import_module(f"workbench.lessons.exercises.lesson_{number}")
    return {v.name: v for v in vars(module).values() if isinstance(v, Exercise)}


ANSWERS = {number: answers(number) for number in NUMBERS}
RIGHT = [(n, name, answer) for n in NUMBERS for name, answer in ANSWERS[n].RIGHT.items()]
WRONG = [
    (n, name, answer) for n in NUMBERS for name, many in ANSWERS[n].WRONG.items() for answer in many
]
LESSONS = import_module("workbench.lessons.exercises").__path__[0]


def test_every_lesson_has_its_answers():
    assert sorted(path.stem[-2:] for path in Path(LESSONS).glob("lesson_*.py")) == NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_every_exercise_has_a_right_and_a_wrong_answer(number):
    names = set(exercises(number))
    assert set(ANSWERS[number].RIGHT) == names
    assert set(ANSWERS[number].WRONG) == names
    assert all(ANSWERS[number].WRONG.values())
    assert 3 <= len(names) <= 5


@pytest.mark.parametrize(("number", "name", "answer"), RIGHT, ids=[f"{n}-{k}" for n, k, _ in RIGHT])
def test_a_right_answer_passes(number, name, answer):
    verdict = check(exercises(number)[name], answer)
    assert verdict.state == "right", str(verdict)


@pytest.mark.parametrize(("number", "name", "answer"), WRONG, ids=[f"{n}-{k}" for n, k, _ in WRONG])
def test_a_typical_mistake_is_found(number, name, answer):
    verdict = check(exercises(number)[name], answer)
    assert verdict.state == "wrong", str(verdict)
    assert verdict.fails
    assert verdict.said


@pytest.mark.parametrize(("number", "name", "answer"), RIGHT, ids=[f"{n}-{k}" for n, k, _ in RIGHT])
@pytest.mark.parametrize("stub", [..., None, lambda *_: None])
def test_a_stub_is_told_what_to_do(number, name, answer, stub):
    if callable(stub) and not callable(answer):
        pytest.skip("a value is asked for")
    verdict = check(exercises(number)[name], stub)
    assert verdict.state == "not yet"
    assert verdict.task.endswith(".")

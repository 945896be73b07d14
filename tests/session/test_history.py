from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.calibration.plan import Plan
from workbench.session import State, Step
from workbench.session.history import History


def step(number):
    return Step(f"step {number}", State(Plan((), str(number))))


@given(st.lists(st.sampled_from(["do", "same", "undo", "redo"]), max_size=40))
def test_a_history_is_two_stacks(commands):
    history, past, future = History.starting(step(-1).state), [], []
    present = history.steps[0]
    for number, command in enumerate(commands):
        new = step(number)
        if command == "do":
            history = history.went_on(new)
            past, present, future = [*past, present], new, []
        elif command == "same" and past:
            history = history.went_on(new, same=True)
            present, future = new, []
        elif command == "undo":
            history = history.went_to(history.at - 1)
            if past:
                future, present = [*future, present], past.pop()
        elif command == "redo":
            history = history.went_to(history.at + 1)
            if future:
                past, present = [*past, present], future.pop()
        assert history.steps == (*past, present, *reversed(future))
        assert history.present is present.state
        assert (history.can_undo, history.can_redo) == (bool(past), bool(future))
        assert history.log == tuple(one.words for one in [*past, present][1:])

from __future__ import annotations

import pytest

from workbench.errors import CalibrationError
from workbench.session import Change


def test_a_snapshot_is_restored_as_a_step_that_can_be_undone(session):
    session.set_threshold("fc", 2.5)
    session.untie("dw")
    wanted = session.plan
    session.snapshot("good")
    session.set_method("minmax")
    session.tie("dw")
    between = session.plan
    session.restore("good")
    assert (session.plan, session.untied) == (wanted, {"dw"})
    assert session.log[-1] == "snapshot 'good' restored"
    session.undo()
    assert (session.plan, session.untied) == (between, frozenset())


def test_the_difference_of_two_snapshots_is_what_was_changed_between(session):
    session.snapshot("start")
    old = session.plan["fc"].threshold
    session.set_threshold("fc", 2.5)
    session.snapshot("moved")
    session.keep_float("dw")
    session.untie("conv2")
    assert session.difference("start", "moved") == (
        Change("fc", "method", "kl", "hand"),
        Change("fc", "threshold", old, 2.5),
    )
    assert session.difference("moved", "start")[1] == Change("fc", "threshold", 2.5, old)
    assert session.difference("moved") == (
        Change("dw", "keep_float", False, True),
        Change("conv2", "untied", False, True),
    )
    assert session.difference("start", "start") == ()


def test_a_change_says_itself_in_words(session):
    session.snapshot("start")
    session.set_threshold("fc", 2.5)
    session.set_bits("fc", 6)
    said = [str(change) for change in session.difference("start")]
    assert said[0] == "fc: method kl → hand"
    assert said[1].endswith(" → 2.5")
    assert said[2:] == ["fc: bits 8 → 6", "fc: 5 of 5 weight scales"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda session: session.restore("none"),
        lambda session: session.forget("none"),
        lambda session: session.difference("none"),
        lambda session: session.difference("one", "none"),
    ],
)
def test_a_snapshot_that_is_not_there_is_named_with_those_that_are(session, ask):
    session.snapshot("one")
    with pytest.raises(CalibrationError, match=r"'none'\. There are: one"):
        ask(session)


def test_a_snapshot_is_never_overwritten_unless_it_is_forgotten(session):
    session.snapshot("one")
    session.set_threshold("fc", 2.5)
    with pytest.raises(CalibrationError, match="'one' is there already"):
        session.snapshot("one")
    with pytest.raises(CalibrationError, match="needs a name"):
        session.snapshot("")
    session.forget("one")
    session.snapshot("one")
    assert session.difference("one") == ()


def test_observers_learn_of_snapshots_and_of_the_log(session):
    seen = []
    session.observe(lambda change: seen.append((change["name"], len(change["new"]))), "snapshots")
    session.observe(lambda change: seen.append((change["name"], len(change["new"]))), "log")
    session.snapshot("one")
    session.set_threshold("fc", 2.5)
    session.forget("one")
    assert seen == [("snapshots", 1), ("log", 1), ("snapshots", 0)]


def test_a_session_without_a_path_has_nowhere_to_be_saved(session):
    with pytest.raises(CalibrationError, match="no path"):
        session.save()


def test_any_step_can_be_gone_to_and_the_others_stay(session):
    for threshold in (1.0, 2.0, 3.0):
        session.set_threshold("fc", threshold)
    steps = session.steps
    session.go_to(1)
    assert (session.plan["fc"].threshold, session.at, session.steps) == (1.0, 1, steps)
    assert (session.can_undo, session.can_redo) == (True, True)
    session.go_to(0)
    assert not session.can_undo
    session.go_to(3)
    assert (session.plan["fc"].threshold, session.can_redo) == (3.0, False)


@pytest.mark.parametrize("step", [-1, 2])
def test_a_step_that_is_not_there_is_an_error(session, step):
    session.set_threshold("fc", 2.5)
    for ask in (session.go_to, session.difference):
        with pytest.raises(CalibrationError, match=rf"no step {step}\. There are 0 to 1"):
            ask(step)


def test_the_difference_reaches_back_to_any_step_and_starts_anywhere(session):
    old = session.plan["fc"].threshold
    session.set_threshold("fc", 2.5)
    session.set_threshold("fc", 3.5)
    session.snapshot("late")
    session.undo()
    assert session.difference(0)[1] == Change("fc", "threshold", old, 2.5)
    assert session.difference(None, 0)[1] == Change("fc", "threshold", 2.5, old)
    assert session.difference(1, "late") == (Change("fc", "threshold", 2.5, 3.5),)

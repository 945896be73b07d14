from __future__ import annotations

import pytest

from workbench.session.decisions import SAVER
from workbench.widgets.history import HistoryView


@pytest.fixture
def view(session):
    for threshold in (1.0, 2.0, 3.0):
        session.set_threshold("fc", threshold)
    return HistoryView(session)


def click(view, step):
    view.steps._handle_custom_msg({"go": step}, [])


def test_the_steps_stand_in_words_and_the_present_is_marked(session, view):
    assert view.steps.words[1:] == list(session.log)
    assert view.steps.at == 3
    session.undo()
    view.drain()
    assert (len(view.steps.words), view.steps.at) == (4, 2)


def test_a_click_on_a_step_goes_there(session, view):
    click(view, 1)
    view.drain()
    assert session.plan["fc"].threshold == 1.0
    click(view, 3)
    view.drain()
    assert session.plan["fc"].threshold == 3.0


def test_a_click_on_a_step_that_is_gone_is_answered_in_words(session, view):
    session.go_to(1)
    session.set_threshold("fc", 9.0)
    view.drain()
    click(view, 3)
    view.drain()
    assert "no step 3" in view.notice.value
    assert view.steps.at == session.at == 2


def test_undo_and_redo_stand_above_the_steps(session, view):
    view.moves.undo.click()
    view.drain()
    assert view.steps.at == 2
    view.moves.redo.click()
    view.drain()
    assert view.steps.at == 3


def test_a_drag_that_could_not_be_saved_is_said_until_it_is(session, view, tmp_path, caplog):
    session.path = tmp_path / "gone" / "work.session"
    session.set_threshold("fc", 7.5, gesture="drag")
    SAVER.drain()
    view.drain()
    assert "Not saved: " in view.moves.notice.value
    session.save(tmp_path / "work.session")
    view.drain()
    assert view.moves.notice.value == ""


def test_a_snapshot_is_kept_restored_and_forgotten(session, view):
    view.name.value = " early "
    view.keep.click()
    view.drain()
    assert (list(session.snapshots), view.name.value) == (["early"], "")
    session.set_threshold("fc", 9.0)
    view.shelf.children[0].restore.click()
    view.drain()
    assert session.plan["fc"].threshold == 3.0
    view.shelf.children[0].forget.click()
    view.drain()
    assert dict(session.snapshots) == {}
    assert view.shelf.children == ()


@pytest.mark.parametrize(("name", "said"), [("", "needs a name"), ("one", "there already")])
def test_a_name_that_will_not_do_is_answered_in_words(session, view, name, said):
    session.snapshot("one")
    view.name.value = name
    view.keep.click()
    view.drain()
    assert said in view.notice.value


def test_the_difference_is_from_the_start_to_the_present_at_first(session, view):
    assert "by hand" in view.table.value
    session.go_to(0)
    view.drain()
    assert "Nothing differs" in view.table.value


def test_the_difference_of_any_two_moments_is_shown(session, view):
    session.snapshot("three")
    session.set_threshold("fc", 4.0)
    session.keep_float("dw")
    session.snapshot("four")
    view.drain()
    view.before.value, view.after.value = ("three",), ("four",)
    view.drain()
    assert "threshold<td>3 → 4" in view.table.value
    assert "kept in float<td>no → yes" in view.table.value
    session.forget("four")
    view.drain()
    assert view.after.label == "the present"
    assert view.before.value == ("three",)


def test_changed_weight_scales_are_counted(session):
    view = HistoryView(session)
    session.set_bits("conv1", 8)
    view.drain()
    assert "bits of the weights<td>6 → 8" in view.table.value
    assert "weight scales<td>4 of 4 are others" in view.table.value


def test_what_a_user_names_is_never_markup(session, view):
    session.snapshot("<img src=x>")
    view.drain()
    label = view.shelf.children[0].children[0]
    assert label.value == "&lt;img src=x&gt;"


def test_a_closed_history_leaves_the_session_alone(session, view):
    view.close()
    session.set_threshold("fc", 4.0)
    view.drain()
    assert view.steps.at == 3


def test_every_control_has_a_name_and_a_tooltip(session, view):
    session.snapshot("one")
    view.drain()
    row = view.shelf.children[0]
    for control in (view.keep, view.name, view.before, view.after, row.restore, row.forget):
        assert control.description
        assert control.tooltip

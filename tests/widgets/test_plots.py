from __future__ import annotations

import numpy as np
import pytest

from tests.widgets.synthetic import silenced, synthetic_statistics
from workbench.calibration.plan import BY_HAND, calibrate
from workbench.errors import WorkbenchWarning
from workbench.numerics.thresholds import METHODS
from workbench.session import Session
from workbench.widgets import HistogramView, SearchView, join
from workbench.widgets.look import look_of


@pytest.fixture
def view(session):
    return HistogramView(session)


def array(data):
    return np.frombuffer(data, "<f4")


def drag(view, threshold, gesture="drag", key=None, seen=None):
    """What the browser sends while a line is dragged."""
    seen = view.plot.moves if seen is None else seen
    hand = {"key": key or view.plot.key, "threshold": threshold, "gesture": gesture, "seen": seen}
    view.plot.set_state({"threshold": threshold, "hand": hand})


def test_the_histogram_is_the_selected_layers(session, view):
    session.select("fc")
    view.drain()
    histogram = session.histogram("fc")
    assert np.array_equal(array(view.plot.y), histogram.counts)
    assert np.allclose(array(view.plot.x), histogram.edges)
    assert np.allclose(array(view.plot.above), histogram.clipped_shares(histogram.edges))
    assert view.plot.threshold == session.plan["fc"].threshold
    assert view.plot.title == "Input of fc"


def test_every_method_is_marked_by_name(session, view):
    marks = {mark["label"]: mark["threshold"] for mark in view.plot.marks}
    assert marks == {look_of(m).label: session.search("conv1", m).threshold for m in METHODS}


def test_the_axis_holds_every_mark(view):
    assert max(mark["threshold"] for mark in view.plot.marks) <= view.plot.x_max


def test_a_drag_sets_the_threshold_by_hand_in_one_step_of_undo(session, view):
    before = session.plan
    for threshold in (0.1, 0.2, 0.3):
        drag(view, threshold)
        view.drain()
    assert (session.plan["conv1"].threshold, session.plan["conv1"].method) == (0.3, BY_HAND)
    session.undo()
    assert session.plan is before


def test_undo_moves_the_line_back(session, view):
    start = view.plot.threshold
    drag(view, 0.3)
    view.drain()
    session.undo()
    view.drain()
    assert view.plot.threshold == start
    session.redo()
    view.drain()
    assert view.plot.threshold == 0.3


def test_a_hand_that_crossed_an_undo_and_the_line_end_at_one_place(session, view, monkeypatch):
    drag(view, 0.3)
    view.drain()
    seen = view.plot.moves
    session.undo()
    view.drain()
    sent, send = [], view.plot.send_state
    monkeypatch.setattr(view.plot, "send_state", lambda key=None: (sent.append(key), send(key)))
    drag(view, 0.35, seen=seen)  # on its way when the line was moved back
    view.drain()
    assert session.plan["conv1"].threshold == view.plot.threshold == 0.35
    assert any("threshold" in (key or ()) for key in sent)  # the browser has the line elsewhere
    sent.clear()
    drag(view, 0.4)
    view.drain()
    assert session.plan["conv1"].threshold == 0.4
    assert not any("threshold" in (key or ()) for key in sent)


def test_a_late_refresh_does_not_pull_the_line_out_of_the_hand(session, view):
    drag(view, 0.3)
    view.drain()
    view.plot.set_state({"threshold": 0.4})  # the hand is further, its message not yet here
    view.refresh()
    assert view.plot.threshold == 0.4


def test_a_hand_on_a_layer_that_is_no_longer_shown_moves_that_layer(session, view):
    drag(view, 0.3, key="conv1")
    session.select("fc")
    drag(view, 0.2, gesture="late", key="conv1")
    view.drain()
    assert session.plan["conv1"].threshold == 0.2
    assert view.plot.threshold == session.plan["fc"].threshold


def test_an_impossible_hand_is_refused_on_the_page(session, view):
    drag(view, -1.0)
    view.drain()
    assert "not possible" in view.notice.value
    drag(view, 0.3)
    view.drain()
    assert view.notice.value == ""


def test_the_curve_is_the_chosen_methods(session):
    view = SearchView(session)
    view.method.value = "mse"
    view.drain()
    search = session.search("conv1", "mse")
    assert np.allclose(array(view.plot.x), search.thresholds)
    assert np.allclose(array(view.plot.y), search.losses)
    assert view.plot.title == search.loss_name
    assert [mark["threshold"] for mark in view.plot.marks] == [search.threshold]


def test_both_pictures_have_one_axis(session, view):
    assert SearchView(session).plot.x_max == view.plot.x_max


def test_of_joined_pictures_one_has_the_threshold(session, view):
    curve = SearchView(session)
    join(view, curve)
    drag(view, 0.3)  # wherever the hand is, the browser moves the leader
    view.drain()
    assert curve.plot.leader == view.plot.model_id
    shown = curve.plot.threshold
    session.undo()
    view.drain()
    assert view.plot.threshold == session.plan["conv1"].threshold
    assert curve.plot.threshold == shown


def test_an_input_that_was_always_zero_says_so(model):
    stats = silenced(synthetic_statistics(model), "pool")
    with pytest.warns(WorkbenchWarning, match="always zero"):
        session = Session(model, stats, calibrate(model, stats))
    session.select("fc")
    for view in (HistogramView(session), SearchView(session)):
        assert "zero" in view.plot.note
        assert view.plot.marks == []
        assert view.notice.value == ""


def test_a_closed_view_no_longer_follows(session, view):
    view.close()
    session.select("fc")
    view.drain()
    assert view.plot.title == "Input of conv1"

from __future__ import annotations

import threading
import time

import ipywidgets as widgets
import pytest

from tests.widgets.synthetic import synthetic_session
from workbench.errors import CalibrationError
from workbench.widgets import View, mailbox_of
from workbench.widgets.threshold import ThresholdControl


class Fragile(View):
    error: Exception | None = None

    def refresh(self):
        if self.error:
            raise self.error


def test_an_error_of_ours_is_said_as_it_is(session):
    view = Fragile(session)
    view.error = CalibrationError("a thing is wrong", advice="Mend it.")
    session.select("fc")
    view.drain()
    assert "a thing is wrong. Mend it." in view.notice.value


def test_an_error_that_nobody_expected_is_said_too(session):
    view = Fragile(session)
    view.error = KeyError("<b>")
    session.select("fc")
    view.drain()
    assert "KeyError: &#x27;&lt;b&gt;&#x27;" in view.notice.value
    assert "line" in view.notice.value


def test_commands_stay_in_order_and_none_is_dropped(session):
    view, done = View(session), []
    for number in range(20):
        view.do(done.append, number)
    view.drain()
    assert done == list(range(20))


def test_a_command_that_works_takes_the_message_away(session):
    view = View(session)
    view.do(session.select, "nowhere")
    view.drain()
    assert "nowhere" in view.notice.value
    view.do(session.select, "fc")
    view.drain()
    assert view.notice.value == ""


def test_views_of_one_session_share_one_thread(session, model):
    one, two, seen, posted = View(session), View(session), [], threading.Event()
    one.drain()
    one.do(posted.wait, 10)  # so that the thread has work until both have some
    for view in (one, two):
        view.do(lambda: seen.append(threading.current_thread()))
    posted.set()
    one.drain()
    assert len(seen) == 2
    assert len(set(seen)) == 1
    assert mailbox_of(session) is one.mailbox is two.mailbox
    assert mailbox_of(synthetic_session(model)) is not one.mailbox


class Slow(View):
    """Its first drawing has looked at the session, and then waits."""

    def __init__(self, session, began, go):
        self.began, self.go = began, go
        super().__init__(session)

    def refresh(self):
        layer = self.session.selected
        if not self.began.is_set():
            self.began.set()
            assert self.go.wait(10)
        self.shown = layer


def test_what_changes_while_a_view_is_made_is_drawn_last(session):
    began, go, made = threading.Event(), threading.Event(), []
    maker = threading.Thread(target=lambda: made.append(Slow(session, began, go)))
    maker.start()
    assert began.wait(10)
    session.select("fc")
    time.sleep(0.1)  # for the mailbox's thread to draw it, if it could
    go.set()
    maker.join()
    made[0].drain()
    assert made[0].shown == "fc"


def test_what_a_view_shows_in_a_control_is_not_taken_for_a_command(session):
    class Echoing(View):
        def __init__(self, session):
            self.heard, self.layer = [], widgets.Text()
            self.hear(self.layer, "value", self.heard.append)
            super().__init__(session, self.layer)

        def refresh(self):
            self.layer.value = self.session.selected

    view = Echoing(session)
    session.select("fc")
    view.drain()
    assert (view.layer.value, view.heard) == ("fc", [])
    view.layer.value = "dw"
    assert view.heard == ["dw"]


@pytest.mark.parametrize("times", [1, 2])
def test_a_view_may_be_closed_more_than_once(session, times):
    drawn = []

    class Drawn(View):
        def refresh(self):
            drawn.append(self.session.selected)

    view = Drawn(session)
    for _ in range(times):
        view.close()
    session.select("fc")
    view.drain()
    assert "fc" not in drawn


def test_an_answer_goes_when_another_command_is_done(session):
    control = ThresholdControl(session)
    control.number.value = "inf"
    control.drain()
    assert "inf is not possible" in control.notice.value
    session.set_threshold(session.selected, 1.25)
    control.drain()
    assert control.notice.value == ""
    control.number.value = "far"
    control.drain()
    assert "is not a number" in control.notice.value
    session.select(session.layers[-1])
    control.drain()
    assert control.notice.value == ""

from __future__ import annotations

import logging
import threading
import time

import pytest

from workbench.session.mailbox import Mailbox


@pytest.fixture
def mailbox():
    box = Mailbox()
    yield box
    box.drain(5)


@pytest.fixture
def held(mailbox):
    """The mailbox is at work until this is set."""
    go, busy = threading.Event(), threading.Event()

    def wait():
        busy.set()
        go.wait(5)

    mailbox.post("held", wait)
    busy.wait(5)
    yield go
    go.set()


def test_of_one_key_only_the_newest_is_done(mailbox, held):
    done = []
    for number in range(10):
        mailbox.post("slider", lambda number=number: done.append(number))
    held.set()
    mailbox.drain()
    assert done == [9]


def test_different_keys_are_all_done_in_order(mailbox, held):
    done = []
    for name in "abc":
        mailbox.post(name, lambda name=name: done.append(name))
    held.set()
    mailbox.drain()
    assert done == ["a", "b", "c"]


def test_work_is_done_on_another_thread(mailbox):
    seen = []
    mailbox.post("key", lambda: seen.append(threading.current_thread()))
    mailbox.drain()
    assert seen != [threading.current_thread()]


def test_work_that_runs_can_see_that_it_is_stale(mailbox):
    seen = []

    def work():
        seen.append(mailbox.stale("key"))
        mailbox.post("key", lambda: None)
        seen.append(mailbox.stale("key"))

    mailbox.post("key", work)
    mailbox.drain()
    assert seen == [False, True]


def test_a_key_rests_and_others_do_not_wait_for_it(mailbox):
    done = []
    time.sleep(0.2 - time.monotonic() % 0.2)  # until a beat
    start = time.monotonic()
    mailbox.post("slow", lambda: done.append("first"), rest_s=0.2)
    while not done:
        time.sleep(0.001)
    mailbox.post("slow", lambda: done.append("second"))
    mailbox.post("other", lambda: done.append("other"))
    mailbox.drain()
    assert done == ["first", "other", "second"]
    assert time.monotonic() - start > 0.15


def test_work_that_fails_does_not_stop_the_next(mailbox, caplog):
    done = []
    with caplog.at_level(logging.ERROR):
        mailbox.post("bad", lambda: 1 / 0)
        mailbox.post("good", lambda: done.append("good"))
        mailbox.drain()
    assert done == ["good"]
    assert "ZeroDivisionError" in caplog.text


def test_drain_gives_up_after_its_time(mailbox, held):
    with pytest.raises(TimeoutError):
        mailbox.drain(0.01)


def test_no_thread_is_left_when_there_is_nothing_to_do(mailbox):
    mailbox.post("key", lambda: None)
    mailbox.drain()
    deadline = time.monotonic() + 5
    while any(t.name == "workbench" for t in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.001)

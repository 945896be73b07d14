"""Tabs make their parts late, and let those that nobody sees rest."""

from __future__ import annotations

import threading

import pytest

from workbench.widgets.tabs import Tabs
from workbench.widgets.view import View


class Counting(View):
    """Counts how often it was drawn."""

    drawn = 0

    def refresh(self) -> None:
        self.drawn += 1


@pytest.fixture
def tabs(session):
    made = Tabs({"One": lambda: Counting(session), "Two": lambda: Counting(session)})
    yield made
    made.close()


def test_a_part_is_made_when_its_tab_is_first_chosen(tabs):
    assert len(tabs.made) == 1
    assert tabs.part("Two") is tabs.part("Two")
    assert len(tabs.made) == 2


def test_a_part_that_is_not_seen_is_drawn_once_when_it_is_seen_again(tabs, session):
    one = tabs.part("One")
    tabs.part("Two")
    one.drain()
    drawn = one.drawn
    for threshold in (1.0, 2.0, 3.0):
        session.set_threshold("conv1", threshold)
    one.drain()
    assert one.drawn == drawn
    tabs.part("One")
    one.drain()
    assert one.drawn == drawn + 1


def test_a_part_that_missed_nothing_is_not_drawn_again(tabs):
    one = tabs.part("One")
    one.drain()
    drawn = one.drawn
    tabs.part("Two")
    tabs.part("One")
    one.drain()
    assert one.drawn == drawn


def test_two_messages_at_once_make_a_part_only_once(session):
    made, go = [], threading.Event()

    def maker():
        go.wait(0.2)  # as long as both may come in
        made.append(Counting(session))
        return made[-1]

    tabs = Tabs({"One": lambda: Counting(session), "Two": maker})
    other = threading.Thread(target=tabs.part, args=("Two",))
    other.start()
    tabs._show()
    tabs.part("Two")
    other.join()
    assert made == [tabs.part("Two")]

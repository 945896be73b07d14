from __future__ import annotations

import pytest

from workbench.lessons import Picture, live, predict
from workbench.lessons.still import MIME
from workbench.widgets import ThresholdPlot

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def guess():
    return predict("Which is <larger>?", ["one", "two & a half"])


def test_nobody_has_chosen_yet(guess):
    assert guess.choice is None
    reveal = guess.reveal("one", "So it is.")
    assert "one" not in reveal.text.value
    assert reveal.show.layout.display != "none"


def test_a_right_prediction_is_said_to_be_right(guess):
    guess.buttons.value = "one"
    assert "You said <b>one</b>, and so it is" in guess.reveal("one", "Because.").text.value


def test_a_wrong_prediction_is_set_beside_the_answer(guess):
    guess.buttons.value = "one"
    text = guess.reveal("two & a half", "Because.").text.value
    assert "You said one; it is <b>two &amp; a half</b>" in text


def test_the_answer_uncovers_itself_when_a_prediction_is_made_later(guess):
    reveal = guess.reveal("one", "Because.")
    guess.buttons.value = "two & a half"
    assert "it is <b>one</b>. Because." in reveal.text.value
    assert reveal.show.layout.display == "none"


def test_the_answer_can_be_seen_without_a_prediction(guess):
    reveal = guess.reveal("one", "Because.")
    reveal.show.click()
    assert "<b>one</b>. Because." in reveal.text.value


def test_without_a_kernel_question_and_answer_are_text(guess):
    question = guess._repr_mimebundle_()["text/html"]
    assert "Which is &lt;larger&gt;?" in question
    assert "<li>two &amp; a half</li>" in question
    answer = guess.reveal("two & a half", "<Because>.")._repr_mimebundle_()["text/html"]
    assert "<details>" in answer
    assert "two &amp; a half" in answer
    assert "&lt;Because&gt;" in answer


def test_an_answer_that_cannot_be_chosen_is_refused(guess):
    with pytest.raises(ValueError, match="none of the options"):
        guess.reveal("three", "")
    with pytest.raises(ValueError, match="two options"):
        predict("What?", ["this"])


def test_a_widget_brings_a_picture_that_stands_for_it(guess):
    shown = live(guess.buttons, Picture("Instead").line([1], [2]))._repr_mimebundle_()
    assert WIDGET in shown
    assert shown[MIME]["config"]["showSendToCloud"] is False


def test_a_plot_of_the_page_is_shown_live_too():
    shown = live(ThresholdPlot(), Picture("Instead").line([1], [2]))._repr_mimebundle_()
    assert {WIDGET, MIME} <= set(shown)

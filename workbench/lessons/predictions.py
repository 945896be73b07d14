"""A question that the reader answers before the lesson does."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from workbench.lessons.card import QUESTION, RIGHT, WAITING, WRONG, card


class Prediction:
    """A question with some answers to choose from, and what the reader chose.

    Without a kernel it is a list; with one, a button for each answer.

    Attributes:
        question: plain text.
        options: the answers, plain text.
        choice: the answer that the reader chose, or None.
    """

    def __init__(self, question: str, options: Sequence[str]) -> None:
        if len(options) < 2:
            raise ValueError(f"a prediction needs at least two options, not {len(options)}")
        self.question = question
        self.options = tuple(options)
        self.buttons = widgets.ToggleButtons(
            options=self.options,
            value=None,
            tooltips=[f"I think: {option}" for option in options],
            style={"button_width": "auto"},
        )

    @property
    def choice(self) -> str | None:
        """The answer that the reader chose, or None."""
        chosen: str | None = self.buttons.value
        return chosen

    def reveal(self, answer: str, because: str) -> Reveal:
        """Say how the prediction compares; until the reader makes one, the answer is covered.

        Args:
            answer: the right one of the options.
            because: why, plain text.
        """
        if answer not in self.options:
            raise ValueError(f"{answer!r} is none of the options: {self.options}")
        return Reveal(self, answer, because)

    def _repr_mimebundle_(self, **more: Any) -> dict[str, Any]:
        question = f"<b>Your prediction:</b> {escape(self.question)}"
        items = "".join(f"<li>{escape(option)}</li>" for option in self.options)
        shown = widgets.VBox([widgets.HTML(card(question, QUESTION)), self.buttons])
        listed = {"text/html": card(f"{question}<ul>{items}</ul>", QUESTION)}
        return dict(shown._repr_mimebundle_(**more)) | listed


class Reveal:
    """The answer to a prediction, which uncovers itself when the reader has made one."""

    def __init__(self, prediction: Prediction, answer: str, because: str) -> None:
        self.prediction, self.answer, self.because = prediction, answer, because
        self.text = widgets.HTML()
        self.show = widgets.Button(
            description="Show the answer", tooltip="Show the answer without a prediction"
        )
        self.show.on_click(lambda _: self._uncover())
        prediction.buttons.observe(lambda _: self._uncover(), "value")
        if prediction.choice is None:
            self.text.value = card("Make your prediction above: the answer waits.", WAITING)
        else:
            self._uncover()

    def _uncover(self) -> None:
        self.show.layout.display = "none"
        self.text.value = self._verdict()

    def _verdict(self) -> str:
        answer, because = escape(self.answer), escape(self.because)
        if (choice := self.prediction.choice) is None:
            return card(f"It is: <b>{answer}</b>. {because}", QUESTION)
        if choice == self.answer:
            return card(f"You said <b>{answer}</b>, and so it is. {because}", RIGHT)
        return card(f"You said {escape(choice)}; it is <b>{answer}</b>. {because}", WRONG)

    def _repr_mimebundle_(self, **more: Any) -> dict[str, Any]:
        answer = f"<b>{escape(self.answer)}</b>. {escape(self.because)}"
        folded = f"<details><summary>The answer</summary>{answer}</details>"
        shown = widgets.VBox([self.text, self.show])
        return dict(shown._repr_mimebundle_(**more)) | {"text/html": card(folded, QUESTION)}


def predict(question: str, options: Sequence[str]) -> Prediction:
    """Ask the reader for a prediction.

        guess = predict("Which error is larger?", ["clipping", "rounding"])
        guess                                       # at the end of a cell: the buttons
        guess.reveal("rounding", "Nothing lies above the threshold.")    # in a later cell

    Args:
        question: one sentence of plain text.
        options: two to five short answers.
    """
    return Prediction(question, options)

"""A box of text in a lesson: a question, an answer, what a check says."""

from __future__ import annotations

from workbench.lessons.colours import COLOURS

QUESTION, RIGHT, WRONG, WAITING = "blue", "green", "clipped", "grey"


def card(body: str, colour: str) -> str:
    """A box with a coloured edge, as HTML; it needs no style sheet, so it reads anywhere.

    Args:
        body: HTML; text from elsewhere must be escaped already.
        colour: a key of `COLOURS`.
    """
    return (
        f'<div style="border-left: 4px solid {COLOURS[colour]}; padding: 4px 14px; '
        f'margin: 4px 0; max-width: 48em; line-height: 1.5">{body}</div>'
    )

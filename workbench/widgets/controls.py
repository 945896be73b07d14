"""Buttons and labels of the page."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

TIGHT = {"description_width": "initial"}
"""The style of a control whose label takes the room that it needs."""


def button(
    text: str, tooltip: str, clicked: Callable[..., object], *arguments: Any
) -> widgets.Button:
    """A button as wide as its text, which calls `clicked(*arguments)`."""
    made = widgets.Button(description=text, tooltip=tooltip, layout={"width": "auto"})
    made.on_click(lambda _: clicked(*arguments))
    return made


def named(text: str, tooltip: str) -> dict[str, Any]:
    """Arguments of a control: a label as wide as its text, and a tooltip.

    ipywidgets shows no tooltip on a control that has a label, so the label itself has it.
    """
    label = f'<span title="{escape(tooltip)}">{escape(text)}</span>'
    return {
        "description": label,
        "description_allow_html": True,
        "tooltip": tooltip,
        "style": TIGHT,
    }

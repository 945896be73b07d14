"""The buttons of the page."""

from __future__ import annotations

from collections.abc import Callable
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

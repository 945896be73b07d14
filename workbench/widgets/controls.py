"""Buttons and labels of the page."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from workbench.widgets.assets import style

TIGHT = {"description_width": "initial"}
"""The style of a control whose label takes the room that it needs."""


def button(
    text: str, tooltip: str, clicked: Callable[..., object], *arguments: Any
) -> widgets.Button:
    """A button as wide as its text, which calls `clicked(*arguments)`."""
    made = widgets.Button(description=text, tooltip=tooltip, layout={"width": "auto"})
    made.on_click(lambda _: clicked(*arguments))
    return made


_sheets: list[widgets.HTML] = []


def sheet() -> widgets.HTML:
    """The style sheet, a widget that is not seen: the same one in all parts, and closed by none."""
    if not _sheets or _sheets[0].comm is None:
        _sheets[:] = [widgets.HTML(f"<style>{style()}</style>").add_class("wb-style")]
    return _sheets[0]


def parts_of(widget: widgets.Widget) -> list[widgets.Widget]:
    """The widgets that are in another or belong to it, such as its layout; not the style sheet."""
    values = [getattr(widget, name) for name in widget.keys]
    own = [value for value in values if isinstance(value, widgets.Widget)]
    return [*own, *(part for part in getattr(widget, "children", ()) if part not in _sheets)]


def close_all(widget: widgets.Widget) -> None:
    """Close a widget, unless it is closed, and all of its parts."""
    if widget.comm is not None:
        parts = parts_of(widget)
        widget.close()
        for part in parts:
            close_all(part)


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

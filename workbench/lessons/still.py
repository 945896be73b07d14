"""A widget with a picture that stands for it where no kernel runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets

from workbench.lessons.picture import Picture

MIME = "application/vnd.int8-workbench.still+json"
"""A picture that pages do not show; `tools/lessons.py` makes it the still one of a saved lesson."""


@dataclass(frozen=True)
class Live:
    """A widget, and the picture of it that a saved notebook shows."""

    widget: widgets.Widget
    picture: Picture

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        shown = self.widget._repr_mimebundle_(**options)
        if isinstance(shown, tuple):  # an anywidget gives its data, and metadata
            shown = shown[0]
        return dict(shown) | {MIME: self.picture.data()}


def live(widget: widgets.Widget, picture: Picture) -> Live:
    """Show a widget; where the notebook is read without a kernel, a picture stands in its place.

    Args:
        widget: e.g. a `ThresholdPlot`.
        picture: what it shows, drawn.
    """
    return Live(widget, picture)

"""What parts share that show errors on the probes: they follow them, and write them alike."""

from __future__ import annotations

import math

import ipywidgets as widgets

from workbench.session import Figure, Session
from workbench.simulation.forms import Form
from workbench.widgets.view import View

FORM_WORDS: dict[Form, str] = {
    "dequantized": "int8 → float",
    "requantized": "int8 → int8",
    "kept": "float, kept",
    "float": "float",
    "passed": "passed on",
}


class ErrorView(View):
    """A part that is redrawn when the errors on the probes are renewed, too."""

    watches = ("plan", "selected", "untied")
    rest_s = 0.1

    def __init__(self, session: Session, *children: widgets.Widget) -> None:
        self.errors = session.errors
        super().__init__(session, *children)
        self.errors.observe(self._changed, "report")

    def close(self) -> None:
        """Stop watching the session and its errors, and take the part off the page."""
        if self.comm is not None:
            self.errors.unobserve(self._changed, "report")
        super().close()


def written(figure: Figure) -> str:
    """An error in dB; with dots behind it, it is of an earlier plan and being refined."""
    if figure.metrics is None:
        return "" if figure.fresh else "…"
    value = figure.metrics.sqnr_db
    text = f"{value:.1f} dB" if math.isfinite(value) else "no error"
    return text if figure.fresh else f"{text} …"

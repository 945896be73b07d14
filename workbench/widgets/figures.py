"""How the picture and the table of layers write errors and arithmetic."""

from __future__ import annotations

from workbench.session import Figure
from workbench.simulation.forms import Form
from workbench.widgets.look import decibels

FORM_WORDS: dict[Form, str] = {
    "dequantized": "int8 → float",
    "requantized": "int8 → int8",
    "kept": "float, kept",
    "float": "float",
    "passed": "passed on",
}


def written(figure: Figure) -> str:
    """An error in dB; with dots behind it, it is of an earlier plan and being refined."""
    if figure.metrics is None:
        return "" if figure.fresh else "…"
    text = decibels(figure.metrics.sqnr_db)
    return text if figure.fresh else f"{text} …"

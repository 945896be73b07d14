"""What the threshold does, in numbers."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from workbench.session import Reading, Session
from workbench.widgets.look import decibels, digits, dot, look_of, percent
from workbench.widgets.view import View


class Numbers(View):
    """Scale, clipped share, errors and signal to noise of the selected layer's threshold."""

    def __init__(self, session: Session) -> None:
        self.table = widgets.HTML()
        super().__init__(session, self.table)

    def refresh(self) -> None:
        """Write the table."""
        layer = self.session.selected
        decision = self.session.plan[layer]
        reading = self.session.reading(layer)
        chosen = "stays in float" if decision.keep_float else look_of(decision.method).label
        rows = "".join(
            f'<tr title="{escape(means)}"><th scope="row">{name}</th><td>{value}</td></tr>'
            for name, value, means in (("Chosen", chosen, "Which method chose it"), *_rows(reading))
        )
        self.table.value = (
            f"<h4>What it does to the values</h4>{_bar(reading)}"
            f'<table class="wb-numbers">{rows}</table>'
        )


def _rows(reading: Reading) -> tuple[tuple[str, str, str], ...]:
    return (
        ("Threshold", digits(reading.threshold, 6), "Values above it are clipped to it"),
        ("Scale", digits(reading.scale, 6), "127 / threshold: int8 levels for one unit"),
        ("Clipped", percent(reading.clipped_share), "Share of all values above the threshold"),
        (
            f"{dot('clipped')}Clipping error",
            digits(reading.clipping),
            "Mean squared error of the clipped values, over all values",
        ),
        (
            f"{dot('kept')}Rounding error",
            digits(reading.rounding),
            "Mean squared error of rounding to the nearest level, over all values",
        ),
        (
            "SQNR",
            decibels(reading.sqnr_db),
            "Signal to quantization noise: higher is better, 6 dB are one bit",
        ),
    )


def _bar(reading: Reading) -> str:
    """Which part of the error is clipping: the left part of a bar."""
    whole = reading.clipping + reading.rounding
    share = reading.clipping / whole if whole else 0.0
    said = f"{percent(share)} of the squared error is clipping, the rest rounding"
    return (
        f'<div class="wb-bar" role="img" aria-label="{said}" title="{said}">'
        f'<i style="width: {100 * share:.1f}%"></i><i></i></div>'
    )

"""What the threshold does, in numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

from workbench.session import Figure, LiveReport, Reading, Session
from workbench.simulation.compare import Metrics
from workbench.widgets.error_bars import METRICS
from workbench.widgets.live_view import LiveView
from workbench.widgets.look import decibels, digits, dot, look_of, percent
from workbench.widgets.patched import Patched

Row = tuple[str, str, str]
IN_FLOAT = '<p class="wb-stale">The layer stays in float. In int8 its threshold would do this:</p>'
FRESH = '<i class="wb-fresh" role="img" aria-label="fresh" title="fresh: of this threshold"></i>'
REFINING = '<i class="wb-stale" title="of an earlier threshold">refining…</i> '


class Numbers(LiveView):
    """What the selected layer's threshold does: off the histogram, and on the probe images."""

    rest_s = 0.15

    def __init__(self, session: Session) -> None:
        self.table = Patched()
        super().__init__(session, self.table)

    def refresh(self) -> None:
        """Write the table."""
        layer = self.session.selected
        decision = self.session.plan[layer]
        reading = self.session.reading(layer)
        chosen = "stays in float" if decision.keep_float else look_of(decision.method).label
        rows = (("Chosen", chosen, "Which method chose it"), *_rows(reading))
        self.table.value = (
            f"<h4>What it does to the values</h4>{IN_FLOAT if decision.keep_float else ''}"
            f"{_bar(reading)}{_table(rows)}"
            f"{_on_probes(self.errors.report, layer)}"
        )


def _table(rows: Iterable[Row]) -> str:
    lines = "".join(
        f'<tr title="{escape(means)}"><th scope="row">{name}</th><td>{value}</td></tr>'
        for name, value, means in rows
    )
    return f'<table class="wb-numbers">{lines}</table>'


def _on_probes(report: LiveReport, layer: str) -> str:
    """The layer's own error and the network's, as far as they are known; nothing without probes."""
    if not report.images:
        return ""
    before = report.before or report.now
    rows = _errors("This layer alone", report.own[layer], before.own[layer])
    for name, figure in report.output.items():
        rows += _errors(f"Output {escape(name)}", figure, before.accumulated[name])
    s = "s" if report.images > 1 else ""
    problem = f'<p class="wb-stale">{escape(report.problem)}</p>' if report.problem else ""
    return f"<h4>Error on {report.images} probe image{s}</h4>{_table(rows)}{problem}"


def _errors(name: str, figure: Figure, before: Figure) -> list[Row]:
    """Two rows of one figure: its SQNR and its cosine."""
    return [
        (name, _value(figure, before, lambda m: decibels(m.sqnr_db)), "SQNR: higher is better"),
        ("cosine", _value(figure, before, lambda m: METRICS["cosine"].say(m.cosine)), "1 is best"),
    ]


def _value(figure: Figure, before: Figure, say: Callable[[Metrics], str]) -> str:
    """What a figure says now, whether it is being refined, and what it said before."""
    mark = FRESH if figure.fresh else REFINING
    if figure.metrics is None:
        return mark + ("kept in float" if figure.fresh else "")
    said, was = say(figure.metrics), "" if before.metrics is None else say(before.metrics)
    changed = f"was {was}" if was not in ("", said) else "&nbsp;"  # that nothing below it moves
    return f"{mark}{said}<small>{changed}</small>"


def _rows(reading: Reading) -> tuple[Row, ...]:
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

"""A comparison as one HTML file: tables and drawings, no script, nothing fetched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from workbench.simulation.causes import Causes
from workbench.simulation.compare import Comparison, Metrics, Row
from workbench.simulation.scheme import scheme_of

# Colours of Okabe and Ito, which colour-blind readers tell apart.
_COLOURS = {
    "clipping": "#D55E00",
    "activation_rounding": "#0072B2",
    "weight_rounding": "#E69F00",
    "output_rounding": "#999999",
}
_HIGHEST_DB = 60.0
_HEADINGS = (
    *("layer", "type", "computed", "cosine", "angle &deg;", "MAE", "MRE", "MRE &le; 1"),
    *("SQNR dB", "alone: cosine", "alone: SQNR dB"),
)

_STYLE = """
:root { color-scheme: light dark; --ink: #222; --faint: #777; --line: #ddd; --paper: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ddd; --faint: #999; --line: #444; --paper: #1b1b1b } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 78rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
p { max-width: 46rem } .faint { color: var(--faint) }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; white-space: nowrap }
th, td { padding: .15rem .6rem; text-align: right; border-bottom: 1px solid var(--line) }
th { font-weight: 600; vertical-align: bottom }
th.name, td.name { text-align: left }
svg { display: block } svg text { fill: var(--ink); font-size: 12px }
.swatch { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em }
"""


def html_report(comparisons: Sequence[Comparison], title: str) -> str:
    """Render comparisons (one for each scheme) as a self-contained page.

    Args:
        comparisons: at least one.
        title: heading of the page, e.g. the network's name.
    """
    head = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
        f"<meta name=viewport content='width=device-width'><style>{_STYLE}</style>"
        f"<h1>{escape(title)}: float against int8</h1>"
    )
    return head + "".join(map(_section, comparisons)) + "\n"


def _section(comparison: Comparison) -> str:
    about = scheme_of(comparison.scheme).about
    return (
        f"<h2>Scheme {escape(comparison.scheme)}, {comparison.images} images</h2>"
        f"<p>{escape(about)}</p>"
        "<h3>Signal to quantization noise</h3>"
        "<p class=faint>In dB, higher is better. Wide bar: accumulated from the input on. "
        "Thin bar: the layer alone, on the float network's blobs.</p>"
        f"{_bars(comparison)}"
        "<h3>Where each layer's own error comes from</h3>"
        f"<p class=faint>{_legend()}</p>{_shares(comparison)}"
        "<h3>All figures</h3>"
        f"<div class=wide>{_table(comparison)}</div>"
    )


def _bars(comparison: Comparison) -> str:
    marks = [
        f"{_bar(row.accumulated, top, 14, '#56B4E9')}"
        f"{_bar(row.alone, top + 5, 4, '#222222') if row.alone else ''}"
        f"<text x=590 y={top + 11}>{_decibels(row.accumulated)}</text>"
        for top, row in _tops(comparison.rows)
    ]
    return _drawing(comparison.rows, "".join(marks))


def _bar(figures: Metrics, top: int, height: int, colour: str) -> str:
    length = 380 * min(max(figures.sqnr_db, 0.0), _HIGHEST_DB) / _HIGHEST_DB
    return f"<rect x=200 y={top} width={length:.1f} height={height} fill='{colour}'/>"


def _shares(comparison: Comparison) -> str:
    rows = [row for row in comparison if row.causes]
    marks = [_stack(row.causes, top) for top, row in _tops(rows) if row.causes]
    return _drawing(rows, "".join(marks))


def _stack(causes: Causes, top: int) -> str:
    parts = {name: getattr(causes, name) for name in _COLOURS}
    total = sum(parts.values()) or 1.0
    left, drawn = 200.0, []
    for name, part in parts.items():
        width = 380 * part / total
        drawn.append(
            f"<rect x={left:.1f} y={top} width={width:.1f} height=14 fill='{_COLOURS[name]}'>"
            f"<title>{_words(name)} {part / total:.1%}</title></rect>"
        )
        left += width
    return "".join(drawn) + f"<text x=590 y={top + 11}>{_largest(parts)}</text>"


def _largest(parts: dict[str, float]) -> str:
    name = max(parts, key=parts.__getitem__)
    return f"mostly {_words(name)}" if parts[name] else "no error"


def _drawing(rows: Sequence[Row], marks: str) -> str:
    height = 20 * len(rows) + 4
    names = "".join(
        f"<text x=192 y={top + 11} text-anchor=end>{escape(_short(row.layer))}</text>"
        for top, row in _tops(rows)
    )
    return (
        f"<div class=wide><svg width=760 height={height} role=img>"
        f"<line x1=200 y1=0 x2=200 y2={height} stroke='#999'/>{names}{marks}</svg></div>"
    )


def _tops(rows: Sequence[Row]) -> list[tuple[int, Row]]:
    return [(20 * number + 2, row) for number, row in enumerate(rows)]


def _table(comparison: Comparison) -> str:
    head = "".join(
        f"<th{' class=name' if number < 3 else ''}>{word}</th>"
        for number, word in enumerate(_HEADINGS)
    )
    return f"<table><tr>{head}</tr>{''.join(map(_table_row, comparison.rows))}</table>"


def _table_row(row: Row) -> str:
    names = (row.layer, row.type, row.computed)
    whole, alone = row.accumulated, row.alone
    numbers = [
        f"{whole.cosine:.6f}",
        f"{whole.angle_degrees:.3f}",
        f"{whole.mae:.4g}",
        f"{whole.mre:.3g}",
        f"{whole.mre_filtered:.3g}",
        _decibels(whole),
        f"{alone.cosine:.6f}" if alone else "",
        _decibels(alone) if alone else "",
    ]
    cells = "".join(f"<td class=name>{escape(name)}</td>" for name in names)
    return f"<tr>{cells}{''.join(f'<td>{number}</td>' for number in numbers)}</tr>"


def _decibels(figures: Metrics) -> str:
    if math.isinf(figures.sqnr_db):
        return "exact" if figures.sqnr_db > 0 else "only noise"
    return f"{figures.sqnr_db:.1f}"


def _legend() -> str:
    return "".join(
        f"<span class=swatch style='background:{colour}'></span>{_words(name)}"
        for name, colour in _COLOURS.items()
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def _short(name: str) -> str:
    return name if len(name) <= 28 else f"...{name[-25:]}"

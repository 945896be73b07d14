"""A picture of the graph: which layers compute in int8, which rescale, which stay float.

A simple layered layout: a layer stands one row below the lowest of those it reads, and as near
as it can to the middle of them. Blue, orange and grey are told apart by colour-blind eyes too,
and the outline and the label say the same once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

import numpy as np

from workbench.graph import Graph, Layer
from workbench.ops.scale_rules import ScaleRule
from workbench.simulation.integer.scales import Edge, LayerScales, Propagation, same_scale
from workbench.simulation.integer.wishes import rule_of

WIDE, HIGH = 214, 58
BOX_WIDE, BOX_HIGH = 190, 34
LONGEST = 30

COLOURS: Mapping[str, tuple[str, str, str]] = {
    "int8": ("#cfe3f5", "#0072b2", "none"),
    "rescaled": ("#fbe3c4", "#d55e00", "6 2"),
    "float": ("#eeeeee", "#767676", "2 2"),
}
"""Fill, line and dashes of each kind, of the palette of Okabe and Ito."""

_LEGEND = {
    "int8": "int8, one scale passes on",
    "rescaled": "int8, brings scales together",
    "float": "float",
}


def picture(propagation: Propagation) -> str:
    """Draw the network as an SVG.

    Args:
        propagation: the scales of the network.

    Returns:
        The text of an SVG element; a pointer held over a layer or a line shows its sentence.
    """
    places = _places(propagation.graph)
    columns = [x for x, _ in places.values()]
    wide = (max(columns) - min(columns)) * WIDE + WIDE
    left = min(columns) * WIDE - WIDE / 2
    high = (max(y for _, y in places.values()) + 1) * HIGH + HIGH
    wide = max(wide, 620)
    body = [*_lines(propagation, places), *_boxes(propagation, places), *_legend(left)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {-HIGH} {wide:g} {high:g}" '
        f'width="{wide:g}" height="{high:g}" role="img" font-family="system-ui, sans-serif" '
        f'font-size="11"><title>Scales through the network</title>{"".join(body)}</svg>'
    )


def kind_of(propagation: Propagation, layer: str) -> str:
    """Tell "int8", "rescaled" (a scale changes on the way in, inside, or on the way out), "float".

    Args:
        propagation: the scales of the network.
        layer: the layer's name.
    """
    scales = propagation.layers[layer]
    if not scales.integer:
        return "float"
    ends = list(zip(scales.moved, scales.tops, strict=True)) if scales.moved else []
    rule = rule_of(scales.layer)
    if isinstance(rule, ScaleRule) and rule.relation == "rescaled":
        ends += [(entry, scales.tops[0]) for entry in scales.entries]
    ways_in = zip(scales.layer.bottoms, scales.entries, strict=True)
    ends += [
        (before, entry)
        for blob, entry in ways_in
        if (before := propagation[blob].scale) is not None
    ]
    return "int8" if all(same_scale(*pair) for pair in ends) else "rescaled"


def _places(graph: Graph) -> Mapping[str, tuple[float, int]]:
    """Column and row of each layer: as near below what it reads as the row has room."""
    places: dict[str, tuple[float, int]] = {}
    taken: dict[int, list[float]] = {}
    for layer in graph.layers:
        above = [places[graph.producers[blob].name] for blob in layer.bottoms]
        row = max((y for _, y in above), default=-1) + 1
        column = _free(_wanted(graph, layer, places), taken.setdefault(row, []))
        taken[row].append(column)
        places[layer.name] = (column, row)
    return places


def _wanted(graph: Graph, layer: Layer, places: Mapping[str, tuple[float, int]]) -> float:
    """Straight below what it reads; a reader of one of several tops stands a little aside.

    Where a shortcut from a Split or Slice is joined again, it is below that, so that the
    shortcut is a straight line and the network does not wander.
    """
    makers = [graph.producers[blob] for blob in layer.bottoms]
    columns = [places[maker.name][0] for maker in makers]
    if len(makers) == 1 and len(makers[0].tops) > 1:
        tops = makers[0].tops
        return columns[0] + 0.55 * (1 if tops.index(layer.bottoms[0]) % 2 else -1)
    cut = [column for maker, column in zip(makers, columns, strict=True) if len(maker.tops) > 1]
    return float(np.mean(cut or columns or [0.0]))


def _free(wanted: float, taken: list[float]) -> float:
    steps = sorted(np.arange(-40, 41) / 2, key=abs)
    free = (wanted + s for s in steps if all(abs(wanted + s - x) >= 1 for x in taken))
    return next(free, wanted + len(taken) + 40)


def _lines(propagation: Propagation, places: Mapping[str, tuple[float, int]]) -> Iterator[str]:
    for edge in propagation.edges:
        x1, y1 = _centre(places[propagation.graph.producers[edge.blob].name])
        x2, y2 = _centre(places[edge.reader])
        kind = "float" if edge.form in ("float", "dequantized", "quantized") else edge.form
        _, colour, dashes = COLOURS[kind]
        bend = (y1 + y2) / 2
        yield (
            f'<path d="M{x1:g} {y1:g} C{x1:g} {bend:g} {x2:g} {bend:g} {x2:g} {y2:g}" '
            f'fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray="{dashes}">'
            f"<title>{escape(_edge_text(propagation, edge))}</title></path>"
        )


def _edge_text(propagation: Propagation, edge: Edge) -> str:
    return f"{edge.blob}: {propagation[edge.blob].why}; {edge.reader} reads it {edge.form}"


def _boxes(propagation: Propagation, places: Mapping[str, tuple[float, int]]) -> Iterator[str]:
    for name, scales in propagation.layers.items():
        x, y = _centre(places[name])
        words = scales.why or "; ".join(propagation[top].why for top in scales.layer.tops)
        yield _box(
            x,
            y,
            kind_of(propagation, name),
            name,
            f"{scales.layer.type}, {_numbers(scales)}",
            words,
        )


def _box(x: float, y: float, kind: str, name: str, below: str, words: str) -> str:
    fill, colour, dashes = COLOURS[kind]
    return (
        f"<g><title>{escape(name)}: {escape(words)}</title>"
        f'<rect x="{x - BOX_WIDE / 2:g}" y="{y - BOX_HIGH / 2:g}" width="{BOX_WIDE}" '
        f'height="{BOX_HIGH}" rx="5" fill="{fill}" stroke="{colour}" stroke-width="1.6" '
        f'stroke-dasharray="{dashes}"/><g text-anchor="middle" fill="#111">'
        f'<text x="{x:g}" y="{y - 3:g}" font-weight="600">{escape(_short(name))}</text>'
        f'<text x="{x:g}" y="{y + 11:g}">{escape(_short(below))}</text></g></g>'
    )


def _numbers(scales: LayerScales) -> str:
    """The scale of the tops, or the range of their scales."""
    tops = [top for top in scales.tops if top is not None]
    if not tops:
        return "float"
    low, high = min(float(top.min()) for top in tops), max(float(top.max()) for top in tops)
    return f"x {low:.4g}" if low == high else f"x {low:.3g} to {high:.3g}"


def _legend(left: float) -> Iterator[str]:
    for i, (kind, words) in enumerate(_LEGEND.items()):
        fill, colour, dashes = COLOURS[kind]
        x = left + 12 + i * 200
        yield (
            f'<rect x="{x:g}" y="{-HIGH + 10}" width="14" height="14" rx="3" fill="{fill}" '
            f'stroke="{colour}" stroke-dasharray="{dashes}"/>'
            f'<text x="{x + 20:g}" y="{-HIGH + 21}" fill="currentColor">{words}</text>'
        )


def _centre(place: tuple[float, int]) -> tuple[float, float]:
    return place[0] * WIDE, place[1] * HIGH + HIGH / 2


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."

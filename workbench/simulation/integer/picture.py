"""A picture of the graph: which layers compute in int8, which rescale, which stay float.

Where the layers stand, `workbench.layout` knows. Blue, orange and grey are told apart by
colour-blind eyes too, and the outline and the label say the same once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from workbench.layout import Layout, fitted
from workbench.ops.scale_rules import ScaleRule
from workbench.simulation.integer.scales import Edge, LayerScales, Propagation, same_scale
from workbench.simulation.integer.wishes import rule_of

WIDE, HIGH = 190.0, 34.0
TOP, LEAST_WIDE, MOST_WIDE = 40, 620, 860
"""The height of the legend, the width that it needs, and the width that a notebook has."""
LONGEST = 30
WORDS = "#7a7a7a"
"""Reads on white and on near-black: an SVG shown as an image does not know the page's colours."""

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
    sizes = dict.fromkeys(propagation.layers, (WIDE, HIGH))
    layout = fitted(propagation.graph, sizes, MOST_WIDE)
    wide = max(layout.wide, LEAST_WIDE)
    left, high = (layout.wide - wide) / 2, layout.high + TOP
    body = [*_lines(propagation, layout), *_boxes(propagation, layout), *_legend(left)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {-TOP} {wide:g} {high:g}" '
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


def _lines(propagation: Propagation, layout: Layout) -> Iterator[str]:
    paths = {(line.blob, line.reader): line.path for line in layout.lines}
    for edge in propagation.edges:
        kind = "float" if edge.form in ("float", "dequantized", "quantized") else edge.form
        _, colour, dashes = COLOURS[kind]
        yield (
            f'<path d="{paths[edge.blob, edge.reader]}" fill="none" stroke="{colour}" '
            f'stroke-width="1.6" stroke-dasharray="{dashes}">'
            f"<title>{escape(_edge_text(propagation, edge))}</title></path>"
        )


def _edge_text(propagation: Propagation, edge: Edge) -> str:
    return f"{edge.blob}: {propagation[edge.blob].why}; {edge.reader} reads it {edge.form}"


def _boxes(propagation: Propagation, layout: Layout) -> Iterator[str]:
    for name, scales in propagation.layers.items():
        x, y = layout.places[name].x, layout.places[name].y
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
        f'<rect x="{x - WIDE / 2:g}" y="{y - HIGH / 2:g}" width="{WIDE:g}" '
        f'height="{HIGH:g}" rx="5" fill="{fill}" stroke="{colour}" stroke-width="1.6" '
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
            f'<rect x="{x:g}" y="{10 - TOP}" width="14" height="14" rx="3" fill="{fill}" '
            f'stroke="{colour}" stroke-dasharray="{dashes}"/>'
            f'<text x="{x + 20:g}" y="{21 - TOP}" fill="{WORDS}">{words}</text>'
        )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."

"""A network drawn as boxes and lines, as a `Picture`."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from types import MappingProxyType
from typing import Any

from workbench.graph import Graph
from workbench.layout import lay_out
from workbench.lessons.picture import Picture

TALLEST = 700.0
BOX = (152.0, 30.0)
LETTER = 7.5
"""Width of a bold letter, with some room: a long name has a wider box."""
ROOM = 800.0
"""Pixels across a page; text in a wider picture is smaller."""
NONE: Mapping[str, str] = MappingProxyType({})


def network(
    graph: Graph,
    title: str,
    *,
    colours: Mapping[str, str] = NONE,
    labels: Mapping[str, str] = NONE,
    notes: Mapping[str, str] = NONE,
    blobs: Mapping[str, str] = NONE,
    tallest: float = TALLEST,
) -> Picture:
    """Draw a network; data flow down, and a tall one is folded into columns.

    Args:
        graph: the network.
        title: what to see in it.
        colours: of layers, by name; a layer that is not named is grey.
        labels: second line in a layer's box, by its name; its type, if not named.
        notes: what a layer says when it is pointed at, by its name.
        blobs: text beside the line of a blob, by the blob's name.
        tallest: height of a column in pixels.
    """
    sizes = {name: (max(BOX[0], LETTER * len(name)), BOX[1]) for name in graph.by_name}
    layout = lay_out(graph, sizes, tallest)
    smaller = min(1.0, ROOM / layout.wide)
    picture = Picture(title, height=int(layout.high * smaller) + 70)
    axis = {"visible": False, "constrain": "domain"}
    picture.window((0, layout.wide), (layout.high, 0))
    picture.figure.update_xaxes(axis)
    picture.figure.update_yaxes(axis, scaleanchor="x")
    picture.figure.update_layout(margin={"l": 10, "r": 10, "t": 55, "b": 10})
    for line in layout.lines:
        picture.path(line.path)
    for layer in graph.layers:
        place = layout.places[layer.name]
        half = (place.wide / 2, place.high / 2)
        picture.box((place.x, place.y), half, colours.get(layer.name, "grey"))
        text = f"<b>{escape(layer.name)}</b><br>{escape(labels.get(layer.name, layer.type))}"
        picture.text(place.x, place.y, text, 11 * smaller)
    tips = [_tip(graph, name, notes) for name in layout.places]
    at = layout.places.values()
    picture.points([p.x for p in at], [p.y for p in at], size=18, opacity=0, **_told(tips))
    for line in layout.lines:
        if line.blob in blobs:
            writer, reader = layout.places[line.writer], layout.places[line.reader]
            x, y = (writer.x + reader.x) / 2, (writer.y + reader.y) / 2
            picture.text(x + 4, y, escape(blobs[line.blob]), 10 * smaller, "left")
    return picture


def _tip(graph: Graph, name: str, notes: Mapping[str, str]) -> str:
    layer = graph.by_name[name]
    links = f"{' '.join(layer.bottoms)} → {' '.join(layer.tops)}"
    more = f"<br>{escape(notes[name])}" if name in notes else ""
    return f"{escape(layer.type)} <b>{escape(name)}</b><br>{escape(links)}{more}"


def _told(tips: list[str]) -> dict[str, Any]:
    return {"text": tips, "hovertemplate": "%{text}<extra></extra>"}

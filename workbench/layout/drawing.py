"""A layout, and how it comes from rows and columns: the places of layers, the ways of lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.graph import Graph
from workbench.layout.columns import ROOM, middles_of
from workbench.layout.rows import Item, Rows

GUTTER = 44.0
"""Between columns."""


@dataclass(frozen=True)
class Place:
    """Where a layer stands: its column, its row in the whole network, its middle, its size."""

    column: int
    row: int
    x: float
    y: float
    wide: float
    high: float


@dataclass(frozen=True)
class Line:
    """A blob on its way from the layer that writes it to one that reads it.

    Attributes:
        blob: its name.
        writer, reader: names of the two layers.
        path: the way as the `d` of an SVG path.
    """

    blob: str
    writer: str
    reader: str
    path: str


@dataclass(frozen=True)
class Layout:
    """A whole picture; its corner is (0, 0)."""

    places: Mapping[str, Place]
    lines: tuple[Line, ...]
    wide: float
    high: float


def drawn(
    graph: Graph,
    rows: Mapping[str, int],
    table: Rows,
    across: Mapping[Item, float],
    heights: Sequence[float],
    columns: Sequence[int],
) -> Layout:
    """Put rows under one another, and columns side by side; `columns` has that of each row."""
    middles = list(middles_of(heights, columns))
    zeros, edges = _zeros(table, across, columns)
    x = {i: zeros[columns[n]] + across[i] for n, row in enumerate(table.rows) for i in row}
    places = {
        name: Place(columns[row], row, x[name], middles[row], *table.size(name))
        for name, row in rows.items()
    }
    ends = [middle + height / 2 for middle, height in zip(middles, heights, strict=True)]
    lines = []
    for writer in graph.layers:
        for blob in writer.tops:
            for reader in graph.consumers[blob]:
                start, end = places[writer.name], places[reader.name]
                way = table.way(blob, writer.name, rows, end.row)[1:]
                passed = [(x[item], middles[row], heights[row]) for item, row in way]
                same = start.column == end.column
                path = _path(start, passed, end) if same else _turn(start, end, edges[end.column])
                lines.append(Line(blob, writer.name, reader.name, path))
    return Layout(places, tuple(lines), edges[-1], max(ends, default=0.0) + ROOM)


def _zeros(
    table: Rows, across: Mapping[Item, float], columns: Sequence[int]
) -> tuple[list[float], list[float]]:
    """Where the zero of each column lies, and the middle of the gutter before and after each."""
    zeros, edges = [], [0.0]
    for column in sorted(set(columns)):
        rows = (row for row, c in zip(table.rows, columns, strict=True) if c == column)
        spans = [(across[item], table.size(item)[0] / 2) for row in rows for item in row]
        zeros.append(edges[-1] + GUTTER / 2 - min(x - half for x, half in spans))
        edges.append(zeros[-1] + max(x + half for x, half in spans) + GUTTER / 2)
    return zeros, edges


def _path(start: Place, passed: Sequence[tuple[float, float, float]], end: Place) -> str:
    """Down from one layer to another, straight through each row that is passed."""
    x, y = start.x, start.y + start.high / 2
    parts = [f"M{x:.1f} {y:.1f}"]
    for to, middle, height in (*passed, (end.x, end.y - end.high / 2, 0.0)):
        top, half = middle - height / 2, (y + middle - height / 2) / 2
        parts.append(f"C{x:.1f} {half:.1f} {to:.1f} {half:.1f} {to:.1f} {top:.1f}")
        if height:
            parts.append(f"V{middle + height / 2:.1f}")
        x, y = to, middle + height / 2
    return "".join(parts)


def _turn(start: Place, end: Place, gutter: float) -> str:
    """From the foot of one column up the gutter to the head of the next."""
    r, half = ROOM / 4, ROOM / 2
    low, high = start.y + start.high / 2 + half, end.y - end.high / 2 - half
    return (
        f"M{start.x:.1f} {low - half:.1f}V{low - r:.1f}q0 {r:.1f} {r:.1f} {r:.1f}"
        f"H{gutter - r:.1f}q{r:.1f} 0 {r:.1f} {-r:.1f}V{high + r:.1f}q0 {-r:.1f} {r:.1f} {-r:.1f}"
        f"H{end.x - r:.1f}q{r:.1f} 0 {r:.1f} {r:.1f}V{high + half:.1f}"
    )

"""Where the layers of a graph stand in a picture: a function from a graph to positions.

Data flow down. A layer stands one row below the lowest of those that it reads. A line that
passes rows has a place of its own in each, so that it runs beside the layers and not behind
them. A tall picture is folded into columns, like the text of a newspaper, at rows where a
single line goes on. After Sugiyama, Tagawa and Toda, "Methods for visual understanding of
hierarchical system structures" (1981); the places in a row are the weighted least squares
under the distances wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from workbench.graph import Graph

GAP, ROOM, GUTTER, LANE = 14.0, 20.0, 44.0, 12.0
"""Between neighbours in a row, between rows, between columns, and beside a passing line."""
HEIGHTS = (360.0, 480.0, 560.0, 640.0, 760.0, 900.0)
"""Of columns, tried one after the other."""
SWEEPS = 16
STRAIGHT = 300.0
"""How much more than another a line counts that is the only one at both its ends."""
HEAVY = 4.0
"""How much more than a passing line a layer insists on its place."""

Item = str | tuple[str, int]
"""A layer by its name, or the place of a blob's line in a row that it passes."""
Point = tuple[float, float]


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


def lay_out(graph: Graph, sizes: Mapping[str, tuple[float, float]], tallest: float = inf) -> Layout:
    """Place the layers of a graph.

    Args:
        graph: the network.
        sizes: width and height of each layer's box, by the layer's name.
        tallest: the height that a column should not exceed; one that cannot be folded does.

    Returns:
        Places that do not overlap: a layer stands in a later row than all that it reads.
    """
    rows = _rows(graph)
    table = _Rows(graph, rows, sizes)
    table.sort()
    across = table.across()
    heights = [table.height(items) for items in table.rows]
    columns = _folded(heights, table.narrows(), tallest)
    return _drawn(graph, rows, table, across, heights, columns)


def _rows(graph: Graph) -> Mapping[str, int]:
    """The row of each layer; what reads nothing stands right above its first reader."""
    rows: dict[str, int] = {}
    for layer in graph.layers:
        above = [rows[graph.producers[blob].name] for blob in layer.bottoms]
        rows[layer.name] = max(above, default=-1) + 1
    for layer in graph.layers:
        readers = [rows[reader.name] for top in layer.tops for reader in graph.consumers[top]]
        if not layer.bottoms and readers:
            rows[layer.name] = min(readers) - 1
    return rows


class _Rows:
    """The items of each row, left to right, and the links from each row to the next."""

    def __init__(
        self, graph: Graph, rows: Mapping[str, int], sizes: Mapping[str, tuple[float, float]]
    ) -> None:
        self._sizes = sizes
        self.rows: list[list[Item]] = [[] for _ in range(1 + max(rows.values(), default=-1))]
        self.above: dict[Item, list[Item]] = {}
        self.below: dict[Item, list[Item]] = {}
        for layer in graph.layers:
            self._enter(layer.name, rows[layer.name])
            for top in layer.tops:
                self._link(top, layer.name, rows, [r.name for r in graph.consumers[top]])
        order = {name: number for number, name in enumerate(graph.by_name)}
        for row in self.rows:
            row.sort(key=lambda i: order[i if isinstance(i, str) else graph.producers[i[0]].name])

    def _enter(self, item: Item, row: int) -> None:
        if item not in self.above:
            self.rows[row].append(item)
            self.above[item], self.below[item] = [], []

    def _link(self, blob: str, writer: str, rows: Mapping[str, int], readers: list[str]) -> None:
        """Lead a blob down to its readers, through a place in each row between."""
        way = self.way(blob, writer, rows, max((rows[r] for r in readers), default=0))
        for item, row in way[1:]:
            self._enter(item, row)
        steps = [(upper, lower) for (upper, _), (lower, _) in pairwise(way)]
        at = {row: item for item, row in way}
        for reader in readers:
            self._enter(reader, rows[reader])
            steps.append((at[rows[reader] - 1], reader))
        for upper, lower in steps:
            self.below[upper].append(lower)
            self.above[lower].append(upper)

    @staticmethod
    def way(blob: str, writer: str, rows: Mapping[str, int], end: int) -> list[tuple[Item, int]]:
        """The writer of a blob and the places that it passes above the row `end`."""
        start = rows[writer]
        return [(writer, start), *(((blob, row), row) for row in range(start + 1, end))]

    def size(self, item: Item) -> tuple[float, float]:
        """Width and height; a passing line has none."""
        return self._sizes[item] if isinstance(item, str) else (0.0, 0.0)

    def height(self, items: Sequence[Item]) -> float:
        """The height of a row."""
        return max(self.size(item)[1] for item in items)

    def sort(self) -> None:
        """Bring the items of each row near to what they are linked with, to cross few lines."""
        for sweep in range(SWEEPS):
            down = sweep % 2 == 0
            links = self.above if down else self.below
            near = self.rows if down else self.rows[::-1]
            for before, row in pairwise(near):
                at = {item: place / len(before) for place, item in enumerate(before)}
                now = {item: place / len(row) for place, item in enumerate(row)}
                row.sort(key=lambda item: _mean([at[i] for i in links[item]], now[item]))

    def across(self) -> Mapping[Item, float]:
        """The middle of each item: straight lines where there is room; a row of one is at 0."""
        x: dict[Item, float] = {}
        for row in self.rows:
            x.update(self._placed(row, [0.0] * len(row)))
        for sweep in range(SWEEPS):
            for row in self.rows if sweep % 2 == 0 else reversed(self.rows):
                if len(row) > 1:
                    x.update(self._placed(row, [self._wanted(item, x) for item in row]))
        return x

    def _placed(self, row: Sequence[Item], wanted: Sequence[float]) -> Iterator[tuple[Item, float]]:
        weights = [HEAVY if isinstance(item, str) else 1.0 for item in row]
        distances = [self._distance(*pair) for pair in pairwise(row)]
        return zip(row, _apart(wanted, weights, distances), strict=True)

    def _distance(self, left: Item, right: Item) -> float:
        room = GAP if isinstance(left, str) and isinstance(right, str) else LANE
        return (self.size(left)[0] + self.size(right)[0]) / 2 + room

    def _wanted(self, item: Item, x: Mapping[Item, float]) -> float:
        """The mean of what an item is linked with, where the only line of both counts most."""
        alone_up, alone_down = len(self.above[item]) == 1, len(self.below[item]) == 1
        pulls = [
            (x[i], STRAIGHT if alone_up and len(self.below[i]) == 1 else 1.0)
            for i in self.above[item]
        ] + [
            (x[i], STRAIGHT if alone_down and len(self.above[i]) == 1 else 1.0)
            for i in self.below[item]
        ]
        weight = sum(w for _, w in pulls)
        return sum(place * w for place, w in pulls) / weight if weight else x[item]

    def narrows(self) -> frozenset[int]:
        """The rows after which a column may end: one layer there, and one in the next row."""
        return frozenset(
            number
            for number, (row, after) in enumerate(pairwise(self.rows))
            if len(row) == len(after) == 1
        )


def _apart(
    wanted: Sequence[float], weights: Sequence[float], distances: Sequence[float]
) -> list[float]:
    """Places as near to the wanted ones as distances allow: least squares, by pooling."""
    offsets = [0.0]
    for distance in distances:
        offsets.append(offsets[-1] + distance)
    pools: list[tuple[float, float, int]] = []
    for place, weight, offset in zip(wanted, weights, offsets, strict=True):
        mean, count = place - offset, 1
        while pools and pools[-1][0] > mean:
            other, heavy, size = pools.pop()
            mean = (mean * weight + other * heavy) / (weight + heavy)
            weight, count = weight + heavy, count + size
        pools.append((mean, weight, count))
    starts = [mean for mean, _, count in pools for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _folded(heights: Sequence[float], cuts: frozenset[int], tallest: float) -> list[int]:
    """The column of each row: as few columns as `tallest` allows, and those equally high."""
    low, high = 0.0, tallest
    columns = _filled(heights, cuts, tallest)
    if high == inf or not columns:
        return columns
    for _ in range(12):
        middle = (low + high) / 2
        tried = _filled(heights, cuts, middle)
        low, high = (low, middle) if tried[-1] <= columns[-1] else (middle, high)
        columns = min(columns, tried, key=lambda c: (c[-1], _highest(heights, c)))
    return columns


def _filled(heights: Sequence[float], cuts: frozenset[int], tallest: float) -> list[int]:
    """Fill columns one after the other with the pieces between cuts."""
    columns: list[int] = []
    column, used, piece = 0, 0.0, 0
    for row in range(len(heights)):
        if row not in cuts and row + 1 < len(heights):
            continue
        need = sum(heights[piece : row + 1]) + ROOM * (row + 1 - piece)
        if used and used + need > tallest:
            column, used = column + 1, 0.0
        columns += [column] * (row + 1 - piece)
        used, piece = used + need, row + 1
    return columns


def _highest(heights: Sequence[float], columns: Sequence[int]) -> float:
    totals = [0.0] * (columns[-1] + 1)
    for height, column in zip(heights, columns, strict=True):
        totals[column] += height + ROOM
    return max(totals)


def _drawn(
    graph: Graph,
    rows: Mapping[str, int],
    table: _Rows,
    across: Mapping[Item, float],
    heights: Sequence[float],
    columns: Sequence[int],
) -> Layout:
    middles = list(_middles(heights, columns))
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


def _middles(heights: Sequence[float], columns: Sequence[int]) -> Iterator[float]:
    """The height at which the middle of each row lies."""
    y = 0.0
    for row, height in enumerate(heights):
        y = ROOM if row and columns[row] != columns[row - 1] else y + ROOM
        yield y + height / 2
        y += height


def _zeros(
    table: _Rows, across: Mapping[Item, float], columns: Sequence[int]
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


def fitted(graph: Graph, sizes: Mapping[str, tuple[float, float]], widest: float) -> Layout:
    """Fold a picture into as many columns as go into a width; see `lay_out`."""
    found = (lay_out(graph, sizes, tallest) for tallest in HEIGHTS)
    tried = []
    for layout in found:
        tried.append(layout)
        if layout.wide <= widest:
            return layout
    return min(tried, key=lambda layout: layout.wide)

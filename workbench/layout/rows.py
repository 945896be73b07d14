"""Which items stand in each row, in what order, and how far to the right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from workbench.graph import Graph

GAP, LANE = 14.0, 12.0
"""Between neighbours in a row, and beside a passing line."""
SWEEPS = 16
STRAIGHT = 300.0
"""How much more than another a line counts that is the only one at both its ends."""
HEAVY = 4.0
"""How much more than a passing line a layer insists on its place."""

Item = str | tuple[str, int]
"""A layer by its name, or the place of a blob's line in a row that it passes."""


def rows_of(graph: Graph) -> Mapping[str, int]:
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


class Rows:
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

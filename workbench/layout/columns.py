"""Folding rows into columns, like the text of a newspaper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf

ROOM = 20.0
"""Between rows."""


def folded(heights: Sequence[float], cuts: frozenset[int], tallest: float) -> list[int]:
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


def middles_of(heights: Sequence[float], columns: Sequence[int]) -> Iterator[float]:
    """The height at which the middle of each row lies."""
    y = 0.0
    for row, height in enumerate(heights):
        y = ROOM if row and columns[row] != columns[row - 1] else y + ROOM
        yield y + height / 2
        y += height

"""Where the layers of a graph stand in a picture: a function from a graph to positions.

Data flow down. A layer stands one row below the lowest of those that it reads. A line that
passes rows has a place of its own in each, so that it runs beside the layers and not behind
them. A tall picture is folded into columns, like the text of a newspaper, at rows where a
single line goes on. After Sugiyama, Tagawa and Toda, "Methods for visual understanding of
hierarchical system structures" (1981); the places in a row are the weighted least squares
under the distances wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from workbench.graph import Graph
from workbench.layout.columns import folded
from workbench.layout.drawing import GUTTER as GUTTER
from workbench.layout.drawing import Layout as Layout
from workbench.layout.drawing import Line as Line
from workbench.layout.drawing import Place as Place
from workbench.layout.drawing import drawn
from workbench.layout.rows import Rows, rows_of

HEIGHTS = (360.0, 480.0, 560.0, 640.0, 760.0, 900.0)
"""Of columns, tried one after the other."""


def lay_out(graph: Graph, sizes: Mapping[str, tuple[float, float]], tallest: float = inf) -> Layout:
    """Place the layers of a graph.

    Args:
        graph: the network.
        sizes: width and height of each layer's box, by the layer's name.
        tallest: the height that a column should not exceed; one that cannot be folded does.

    Returns:
        Places that do not overlap: a layer stands in a later row than all that it reads.
    """
    rows = rows_of(graph)
    table = Rows(graph, rows, sizes)
    table.sort()
    across = table.across()
    heights = [table.height(items) for items in table.rows]
    columns = folded(heights, table.narrows(), tallest)
    return drawn(graph, rows, table, across, heights, columns)


def fitted(graph: Graph, sizes: Mapping[str, tuple[float, float]], widest: float) -> Layout:
    """Fold a picture into as many columns as go into a width; see `lay_out`."""
    found = (lay_out(graph, sizes, tallest) for tallest in HEIGHTS)
    tried = []
    for layout in found:
        tried.append(layout)
        if layout.wide <= widest:
            return layout
    return min(tried, key=lambda layout: layout.wide)

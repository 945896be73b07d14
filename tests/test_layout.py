from __future__ import annotations

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.graph import Graph, Layer
from workbench.layout import GUTTER, Layout, fitted, lay_out
from workbench.samples import sample, samples


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Small networks: each layer reads some blobs of earlier ones, and writes up to three."""
    layers: list[Layer] = []
    blobs: list[str] = []
    for number in range(draw(st.integers(1, 14))):
        bottoms = draw(st.lists(st.sampled_from(blobs), max_size=3)) if blobs else []
        tops = [f"{number}_{i}" for i in range(draw(st.integers(1, 3)))]
        layers.append(Layer("Noop", f"layer{number}", tuple(bottoms), tuple(tops)))
        blobs += tops
    return Graph(tuple(layers))


def sizes_of(graph: Graph) -> dict[str, tuple[float, float]]:
    return {x.name: (60.0 + 20 * (i % 3), 20.0 + 8 * (i % 2)) for i, x in enumerate(graph.layers)}


def chain(count: int) -> Graph:
    names = [f"l{i}" for i in range(count)]
    bottoms = [(), *((name,) for name in names)]
    return Graph(tuple(Layer("Noop", n, b, (n,)) for n, b in zip(names, bottoms, strict=False)))


def overlaps(layout: Layout) -> list[tuple[str, str]]:
    return [
        (a, b)
        for (a, p), (b, q) in combinations(layout.places.items(), 2)
        if abs(p.x - q.x) < (p.wide + q.wide) / 2 - 1e-6
        and abs(p.y - q.y) < (p.high + q.high) / 2 - 1e-6
    ]


@given(graphs(), st.sampled_from([100.0, 300.0, float("inf")]))
def test_layers_never_overlap_and_all_lie_within_the_picture(graph, tallest):
    layout = lay_out(graph, sizes_of(graph), tallest)
    assert set(layout.places) == set(graph.by_name)
    assert overlaps(layout) == []
    for place in layout.places.values():
        assert place.wide / 2 - 1e-6 <= place.x <= layout.wide - place.wide / 2 + 1e-6
        assert place.high / 2 <= place.y <= layout.high - place.high / 2


@given(graphs(), st.sampled_from([100.0, float("inf")]))
def test_every_line_goes_forward(graph, tallest):
    layout = lay_out(graph, sizes_of(graph), tallest)
    for line in layout.lines:
        writer, reader = layout.places[line.writer], layout.places[line.reader]
        assert writer.row < reader.row
        assert writer.column <= reader.column
        if writer.column == reader.column:
            assert writer.y + writer.high / 2 < reader.y - reader.high / 2


@given(graphs())
def test_there_is_a_line_for_each_blob_and_reader(graph):
    lines = lay_out(graph, sizes_of(graph)).lines
    expected = [
        (top, layer.name, r.name)
        for layer in graph.layers
        for top in layer.tops
        for r in graph.consumers[top]
    ]
    assert [(line.blob, line.writer, line.reader) for line in lines] == expected


@given(graphs())
def test_a_line_runs_beside_the_layers_that_it_passes(graph):
    layout = lay_out(graph, sizes_of(graph))
    by_row: dict[int, list[float]] = {}
    for line in layout.lines:
        start, end = layout.places[line.writer], layout.places[line.reader]
        straights = re.findall(r" (-?[\d.]+) (-?[\d.]+)V(-?[\d.]+)", line.path)
        assert len(straights) == end.row - start.row - 1
        for row, (x, top, foot) in enumerate(straights, start.row + 1):
            by_row.setdefault(row, []).append(float(x))
            for place in layout.places.values():
                if place.row == row:
                    assert abs(place.x - float(x)) > place.wide / 2
                    assert float(top) - 0.1 <= place.y <= float(foot) + 0.1


def test_a_long_chain_is_folded_into_columns_of_equal_height():
    graph = chain(30)
    layout = lay_out(graph, dict.fromkeys(graph.by_name, (100.0, 20.0)), tallest=440)
    columns = [place.column for place in layout.places.values()]
    assert [columns.count(c) for c in range(3)] == [10, 10, 10]
    assert layout.high <= 440
    assert layout.wide == 3 * (100 + GUTTER)


def test_a_chain_is_a_straight_line():
    graph = chain(6)
    layout = lay_out(graph, dict.fromkeys(graph.by_name, (100.0, 20.0)))
    assert len({place.x for place in layout.places.values()}) == 1


def test_a_block_is_not_cut_in_two():
    graph = sample("shufflenet_v2").load().graph
    layout = lay_out(graph, dict.fromkeys(graph.by_name, (100.0, 20.0)), tallest=200)
    crossing = [
        line
        for line in layout.lines
        if layout.places[line.writer].column != layout.places[line.reader].column
    ]
    assert len(crossing) == max(place.column for place in layout.places.values())


def test_branches_stand_in_the_order_of_the_layers():
    graph = sample("shufflenet_v2").load().graph
    places = lay_out(graph, dict.fromkeys(graph.by_name, (100.0, 20.0))).places
    assert places["stage2_1_left_depthwise"].x < places["stage2_1_right_expand"].x
    assert places["stage2_1_left_depthwise"].y == places["stage2_1_right_expand"].y
    centre = places["split1"].x
    assert places["stage2_1_left_depthwise"].x < centre < places["stage2_1_right_expand"].x


def test_a_source_stands_right_above_its_first_reader():
    graph = Graph(
        (
            Layer("Input", "data", (), ("data",)),
            Layer("Noop", "a", ("data",), ("a",)),
            Layer("Noop", "b", ("a",), ("b",)),
            Layer("MemoryData", "constant", (), ("constant",)),
            Layer("BinaryOp", "add", ("b", "constant"), ("add",)),
        )
    )
    places = lay_out(graph, dict.fromkeys(graph.by_name, (100.0, 20.0))).places
    assert places["constant"].row == places["b"].row


def test_no_layers_make_an_empty_picture():
    layout = fitted(Graph(()), {}, 100)
    assert layout.places == {}
    assert layout.lines == ()


@pytest.mark.parametrize("name", sorted(samples()))
def test_a_sample_network_goes_into_a_page(name):
    graph = sample(name).load().graph
    layout = fitted(graph, dict.fromkeys(graph.by_name, (130.0, 30.0)), 1300)
    assert layout.wide <= 1300
    assert layout.high <= 900
    assert overlaps(layout) == []


def test_what_cannot_be_folded_to_a_width_is_as_narrow_as_it_can_be():
    graph = chain(200)
    sizes = dict.fromkeys(graph.by_name, (100.0, 20.0))
    assert fitted(graph, sizes, 300).wide == lay_out(graph, sizes, 900).wide

from __future__ import annotations

import pytest

from workbench.errors import GraphError
from workbench.graph import Graph, Layer, first_fault

DATA = Layer("Input", "data", (), ("data",))
RELU = Layer("ReLU", "relu", ("data",), ("relu",), {0: 0.5})
SPLIT = Layer("Split", "split", ("relu",), ("left", "right"))
ADD = Layer("BinaryOp", "add", ("left", "right"), ("sum",))
DIAMOND = Graph((DATA, RELU, SPLIT, ADD))


def test_links_are_derived_from_the_layers() -> None:
    assert DIAMOND.blobs == ("data", "relu", "left", "right", "sum")
    assert DIAMOND.inputs == ("data",)
    assert DIAMOND.outputs == ("sum",)
    assert DIAMOND.by_name["add"] is ADD
    assert DIAMOND.producers["left"] is SPLIT
    assert DIAMOND.consumers["left"] == (ADD,)
    assert DIAMOND.consumers["sum"] == ()


def test_a_layer_that_reads_a_blob_twice_is_one_consumer() -> None:
    square = Layer("BinaryOp", "square", ("data", "data"), ("square",), {0: 2})
    assert Graph((DATA, square)).consumers["data"] == (square,)


def test_a_split_blob_leads_back_to_its_origin() -> None:
    again = Layer("Split", "again", ("left",), ("a", "b"))
    graph = Graph((DATA, RELU, SPLIT, again))
    assert graph.origin("b") == "relu"
    assert graph.origin("data") == "data"


def test_params_cannot_be_changed() -> None:
    params = {0: 1}
    layer = Layer("ReLU", "relu", ("data",), ("relu",), params)
    params[0] = 2
    assert layer.params[0] == 1
    with pytest.raises(TypeError):
        layer.params[0] = 2  # type: ignore[index]


def test_the_source_does_not_count_when_graphs_are_compared() -> None:
    assert Graph((DATA, RELU), "one text") == Graph((DATA, RELU), "another")


@pytest.mark.parametrize(
    ("layer", "problem"),
    [
        (Layer("ReLU", "data", ("data",), ("out",)), "an earlier layer has this name"),
        (Layer("ReLU", "x", ("nothing",), ("out",)), "'nothing' is not the top"),
        (Layer("ReLU", "x", ("out",), ("out",)), "'out' is not the top"),
        (Layer("ReLU", "x", ("data",), ("data",)), "'data' is written twice"),
        (Layer("Split", "x", ("data",), ("out", "out")), "'out' is written twice"),
    ],
)
def test_a_layer_that_does_not_fit_is_named(layer: Layer, problem: str) -> None:
    with pytest.raises(GraphError, match=problem) as caught:
        Graph((DATA, layer))
    assert caught.value.where == f"layer {layer.name} ({layer.type})"
    assert (fault := first_fault((DATA, layer))) is not None
    assert fault[0] == 1


def test_thousands_of_readers_and_tops_take_no_time() -> None:
    tops = tuple(f"top{i}" for i in range(20_000))
    readers = (Layer("ReLU", f"r{i}", ("data",), (f"r{i}",)) for i in range(20_000))
    graph = Graph((DATA, Layer("Split", "split", ("data",), tops), *readers))
    assert len(graph.consumers["data"]) == 20_001

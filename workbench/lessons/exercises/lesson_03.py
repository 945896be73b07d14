"""The exercises of lesson 3: the two files and the graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.formats.param import parse_param
from workbench.formats.weights import Weight
from workbench.graph import Graph
from workbench.lessons.checks import Attempt, Claims, exercise

_PARAM = """7767517
8 11
Input            data   0 1 data 0=8 1=8 2=3
Convolution      conv   1 1 data conv 0=4 1=3 6=108
Split            fork   1 2 conv left right
ReLU             relu   1 1 left relu
Split            again  1 3 right a b c
Concat           concat 3 1 a b relu concat
Sigmoid          bend   1 1 c bend
BinaryOp         add    2 1 concat bend add 0=0
"""
_GRAPH = parse_param(_PARAM)


@exercise
def line(attempt: Attempt) -> Claims:
    """Take a line of a .param file apart."""
    for text, layer in zip(_PARAM.splitlines()[2:], _GRAPH.layers, strict=True):
        type_, name, bottoms, tops = attempt(text)
        yield (
            "the first word is the type, the second the name",
            (type_, name)
            == (
                layer.type,
                layer.name,
            ),
        )
        yield "the third word counts the bottoms", len(bottoms) == int(text.split()[2])
        yield "the fourth word counts the tops", len(tops) == int(text.split()[3])
        yield "the bottoms follow the two counts", tuple(bottoms) == layer.bottoms
        yield "the tops follow the bottoms", tuple(tops) == layer.tops


@exercise
def size(attempt: Attempt) -> Claims:
    """Give the bytes of a number of 16-bit weights in a .bin file."""
    for count in (2, 100, 1, 7, 3456):
        bytes_ = attempt(count)
        yield "the tag and two bytes for each weight fit", bytes_ >= 4 + 2 * count
        yield "it is a multiple of 4", bytes_ % 4 == 0
        written = Weight.of("weight", np.ones(count), "float16").data
        yield "it is as long as what the workbench writes", bytes_ == len(written)


@exercise
def readers(attempt: Attempt) -> Claims:
    """Name the layers that use a blob, behind Splits."""
    for blob in ("data", "relu", "add"):
        yield (
            "a blob without a Split has the readers that it has",
            _set(attempt(_GRAPH, blob)) == {layer.name for layer in _GRAPH.consumers[blob]},
        )
    yield "no Split is among them", not {"fork", "again"} & _set(attempt(_GRAPH, "conv"))
    yield (
        "a Split behind a Split is seen through",
        _set(attempt(_GRAPH, "right"))
        == {
            "concat",
            "bend",
        },
    )
    yield "all branches are followed", _set(attempt(_GRAPH, "conv")) == {"relu", "concat", "bend"}
    yield "each is named once", len(list(attempt(_GRAPH, "right"))) == 2


@exercise
def before(attempt: Attempt) -> Claims:
    """Name all layers that a blob waits for."""
    for blob in ("data", "conv", "left", "c", "bend", "concat", "add"):
        named = _set(attempt(_GRAPH, blob))
        yield "the layer that writes the blob is among them", _GRAPH.producers[blob].name in named
        yield "what they read has its layers among them too", _closed(_GRAPH, named)
        later = [layer for layer in _GRAPH.layers if blob in layer.bottoms]
        yield "no layer that reads the blob is", not named & {layer.name for layer in later}
        yield (
            "no layer is that the blob does not need",
            all(
                name == _GRAPH.producers[blob].name or _needed(_GRAPH, name, named)
                for name in named
            ),
        )


def _set(names: Any) -> set[Any]:
    return set(names)


def _closed(graph: Graph, named: set[str]) -> bool:
    known = [graph.by_name[name] for name in named]
    return all(graph.producers[bottom].name in named for one in known for bottom in one.bottoms)


def _needed(graph: Graph, name: str, named: set[str]) -> bool:
    """Whether another layer of those reads what this one writes."""
    tops = graph.by_name[name].tops
    return any(reader.name in named for top in tops for reader in graph.consumers[top])

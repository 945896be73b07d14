"""Scales through the graph: which layers hand int8 on, and in whose scale."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from workbench.graph import Graph, Layer

FUSED = frozenset({"Convolution", "ConvolutionDepthWise"})


def requantized(graph: Graph, int8: Collection[str]) -> Mapping[str, str]:
    """Find the layers that give int8, by ncnn's rule of fusion.

    A Convolution or ConvolutionDepthWise gives int8 if its top is read by another one alone,
    or by a Split whose every top is read by such layers. Its top scale is the bottom scale of
    the reader, for a Split that of the reader of the Split's first top.

    Args:
        graph: the network.
        int8: names of the layers that have int8 weights.

    Returns:
        For each layer that gives int8, the layer whose bottom scale it requantizes with.

    Source: Tencent/ncnn, tools/quantize/ncnn2int8.cpp, NetQuantize::fuse_requantize.
    """
    found = {}
    for layer in graph.layers:
        if layer.type in FUSED and layer.name in int8:
            readers = _readers(graph, layer.tops[0])
            if readers and all(r.type in FUSED and r.name in int8 for r in readers):
                found[layer.name] = readers[0].name
    return found


def _readers(graph: Graph, blob: str) -> tuple[Layer, ...]:
    """The readers of a blob or of the tops of a Split of it, empty if one top has none."""
    readers = graph.consumers[blob]
    if len(readers) != 1 or readers[0].type != "Split":
        return readers
    behind = [graph.consumers[top] for top in readers[0].tops]
    return tuple(found[0] for found in behind) if all(len(f) == 1 for f in behind) else ()

"""The requantize fusion: which int8 layers hand int8 on to the next, without float between.

Source: Tencent/ncnn, tools/quantize/ncnn2int8.cpp, NetQuantize::fuse_requantize.
"""

from __future__ import annotations

from collections.abc import Collection

from workbench.graph import Graph, Layer

CONVOLUTIONS = frozenset({"Convolution", "ConvolutionDepthWise"})


def fusions(graph: Graph, int8: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Find every layer that ncnn's converter lets hand int8 on.

    It is an int8 convolution (dense or depthwise) whose output goes to another one, or to a
    Split with one at each top. An activation inside the first does no harm; any layer between
    them (ReLU, Pooling, BinaryOp, Concat) keeps the blob float.

    Args:
        graph: the network.
        int8: the names of the layers that have int8 weights.

    Returns:
        For the name of each such layer the names of its readers, those behind a Split in the
        order of its tops. The blob is quantized with the scale of the first one; each takes it
        back with its own.
    """
    found = {}
    for layer in graph.layers:
        if layer.type in CONVOLUTIONS and layer.name in int8:
            readers = _readers(graph, layer.tops[0])
            if readers and all(reader in int8 for reader in readers):
                found[layer.name] = readers
    return found


def _readers(graph: Graph, blob: str) -> tuple[str, ...]:
    """The convolutions that read a blob, itself or through a Split; none if others do too."""
    if reader := _reader(graph, blob, CONVOLUTIONS):
        return (reader.name,)
    split = _reader(graph, blob, {"Split"})
    found = [_reader(graph, top, CONVOLUTIONS) for top in split.tops] if split else []
    names = tuple(reader.name for reader in found if reader)
    return names if len(names) == len(found) else ()


def _reader(graph: Graph, blob: str, types: Collection[str]) -> Layer | None:
    """The first layer of some types that reads a blob and nothing else."""
    readers = graph.consumers[blob]
    return next((r for r in readers if r.type in types and r.bottoms == (blob,)), None)

from __future__ import annotations

import pytest

from workbench.formats.param import parse_param
from workbench.simulation.propagate import requantized


def fused(text: str, float_layers: tuple[str, ...] = ()) -> dict[str, str]:
    lines = [line.strip() for line in text.strip().splitlines()]
    blobs = sum(int(line.split()[3]) for line in lines)
    graph = parse_param("\n".join(["7767517", f"{len(lines)} {blobs}", *lines]) + "\n")
    types = ("Convolution", "ConvolutionDepthWise", "InnerProduct")
    int8 = {layer.name for layer in graph.layers if layer.type in types} - set(float_layers)
    return dict(requantized(graph, int8))


CHAIN = """
Input data 0 1 data
Convolution a 1 1 data a 0=1 1=1 6=1 9=1
ConvolutionDepthWise b 1 1 a b 0=1 1=1 6=1 7=1
Convolution c 1 1 b c 0=1 1=1 6=1
"""
SPLIT = """
Input data 0 1 data
Convolution a 1 1 data a 0=1 1=1 6=1
Split s 1 2 a left right
Convolution b 1 1 right b 0=1 1=1 6=1
ConvolutionDepthWise c 1 1 left c 0=1 1=1 6=1 7=1
"""


def test_each_convolution_hands_int8_to_the_next():
    assert fused(CHAIN) == {"a": "b", "b": "c"}


@pytest.mark.parametrize(
    ("kept", "left"), [("a", {"b": "c"}), ("b", {}), ("c", {"a": "b"})], ids=str
)
def test_both_layers_must_be_int8(kept, left):
    assert fused(CHAIN, (kept,)) == left


def test_the_reader_of_the_first_top_of_a_split_gives_the_scale():
    assert fused(SPLIT) == {"a": "c"}


def test_every_reader_behind_a_split_must_be_an_int8_convolution():
    assert fused(SPLIT, ("b",)) == {}
    assert fused(SPLIT.replace("Convolution b", "InnerProduct b").replace("0=1 1=1 6=1\nConv",
                 "0=1 2=1\nConv")) == {}  # fmt: skip


def test_a_top_of_a_split_that_nobody_reads_keeps_the_blob_float():
    assert fused(SPLIT.replace("Split s 1 2 a left right", "Split s 1 3 a left right idle")) == {}


@pytest.mark.parametrize("between", ["ReLU", "Pooling", "Flatten"])
def test_a_layer_between_keeps_the_blob_float(between):
    text = f"""
    Input data 0 1 data
    Convolution a 1 1 data a 0=1 1=1 6=1
    {between} r 1 1 a r
    Convolution b 1 1 r b 0=1 1=1 6=1
    """
    assert fused(text) == {}


def test_an_inner_product_takes_and_gives_float():
    text = """
    Input data 0 1 data
    InnerProduct a 1 1 data a 0=1 2=1
    Convolution b 1 1 a b 0=1 1=1 6=1
    InnerProduct c 1 1 b c 0=1 2=1
    """
    assert fused(text) == {}


def test_a_blob_that_another_layer_reads_too_stays_float():
    text = """
    Input data 0 1 data
    Convolution a 1 1 data a 0=1 1=1 6=1
    Convolution b 1 1 a b 0=1 1=1 6=1
    BinaryOp c 2 1 a b c
    """
    assert fused(text) == {}

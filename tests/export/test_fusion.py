from __future__ import annotations

import pytest

from workbench.export.fusion import fusions
from workbench.formats.param import parse_param


def graph(*lines: str):
    layers = ["Input data 0 1 data 0=8 1=8 2=3", *lines]
    blobs = sum(int(line.split()[3]) for line in layers)
    return parse_param("\n".join(["7767517", f"{len(layers)} {blobs}", *layers]))


A = "Convolution a 1 1 data a 0=4 1=1 6=12"
AFTER_A = "{} b 1 1 {} b 0=4 1=1 6=16"
SPLIT = "Split split 1 2 a left right"


@pytest.mark.parametrize("type", ["Convolution", "ConvolutionDepthWise"])
def test_a_convolution_hands_int8_to_the_next(type):
    assert fusions(graph(A, AFTER_A.format(type, "a")), {"a", "b"}) == {"a": ("b",)}


@pytest.mark.parametrize("int8", [{"a"}, {"b"}, set()])
def test_both_must_have_int8_weights(int8):
    assert fusions(graph(A, AFTER_A.format("Convolution", "a")), int8) == {}


def test_an_inner_product_does_not_hand_on_and_takes_no_int8():
    fc = "InnerProduct fc 1 1 a fc 0=4 2=16"
    after = AFTER_A.format("Convolution", "fc")
    assert fusions(graph(A, fc, after), {"a", "fc", "b"}) == {}


@pytest.mark.parametrize("between", ["ReLU r 1 1 a r", "Pooling r 1 1 a r 1=2 2=2"])
def test_a_layer_between_them_keeps_the_blob_float(between):
    assert fusions(graph(A, between, AFTER_A.format("Convolution", "r")), {"a", "b"}) == {}


def test_through_a_split_the_reader_of_its_first_top_comes_first():
    right = "Convolution c 1 1 right c 0=4 1=1 6=16"
    left = AFTER_A.format("Convolution", "left")
    assert fusions(graph(A, SPLIT, right, left), {"a", "b", "c"}) == {"a": ("b", "c")}


@pytest.mark.parametrize(
    "other", ["InnerProduct c 1 1 right c 0=4 2=16", "BinaryOp c 2 1 right b c", None]
)
def test_one_other_reader_behind_the_split_keeps_it_float(other):
    lines = [A, SPLIT, AFTER_A.format("Convolution", "left"), *([other] if other else [])]
    assert fusions(graph(*lines), {"a", "b", "c"}) == {}


def test_every_reader_behind_the_split_must_be_int8():
    right = "Convolution c 1 1 right c 0=4 1=1 6=16"
    lines = (A, SPLIT, AFTER_A.format("Convolution", "left"), right)
    assert fusions(graph(*lines), {"a", "b"}) == {}

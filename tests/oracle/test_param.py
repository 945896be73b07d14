"""ncnn itself reads the .param text that the workbench writes."""

from __future__ import annotations

from pathlib import Path

import ncnn
import numpy as np
import pytest

from workbench.errors import FormatError
from workbench.formats.param import format_param, parse_param
from workbench.graph import Graph, Layer

LIMITS = np.finfo(np.float32)
# 2072824000 lies midway between two float32: rounding it needs exact arithmetic
EDGES = [LIMITS.max, -LIMITS.max, LIMITS.tiny, 1e-45, 0.1, 1e-5, 123456789, 2072824064, 1e10]


def load(text: str) -> ncnn.Net:
    net = ncnn.Net()
    net.opt.num_threads = 1
    net.opt.lightmode = False
    assert net.load_param_mem(text) == 0
    return net


def test_ncnn_reads_every_float_as_the_same_float32(tmp_path: Path) -> None:
    bits = np.random.default_rng(0).integers(0, 2**32, 2000, np.uint32).view(np.float32)
    numbers = np.array([*EDGES, *bits[np.isfinite(bits)]], np.float32)
    tops = tuple(f"b{i}" for i in range(numbers.size))
    layers = [Layer("Input", "in", (), ("in",)), Layer("Split", "split", ("in",), tops)]
    for i, number in enumerate(numbers):
        largest = {0: 4, 1: 1, 2: float(number)}
        layers.append(Layer("BinaryOp", f"max{i}", (f"b{i}",), (f"max{i}",), largest))
    net = load(format_param(Graph(tuple(layers))))
    (tmp_path / "empty.bin").touch()
    assert net.load_model(str(tmp_path / "empty.bin")) == 0
    lowest = np.full(1, -LIMITS.max, np.float32)
    feed = ncnn.Mat(lowest)
    extractor = net.create_extractor()
    extractor.input("in", feed)
    found = [np.array(extractor.extract(f"max{i}")[1])[0] for i in range(numbers.size)]
    np.testing.assert_array_equal(found, numbers)


@pytest.mark.parametrize(
    "word",
    ["-23300=2,1,2", "0=1,2", "0=1,", "-23300=0", '0="a b"', "31=1", "0=+1", "0=.5", "0=1e5"],
)
def test_ncnn_takes_the_spellings_that_the_workbench_takes(word: str) -> None:
    text = f"7767517\n1 1\nInput in 0 1 in {word}\n"
    parse_param(text)
    load(text)


@pytest.mark.parametrize(
    "word",
    ["-23300=2,1", "-23300=1,1,2", "32=1", "-1=1", "0=", "0=1=", "0=1,2.5", '0="a', "0=1,,2"],
)
def test_ncnn_refuses_spellings_that_the_workbench_refuses(word: str) -> None:
    text = f"7767517\n1 1\nInput in 0 1 in {word}\n"
    with pytest.raises(FormatError):
        parse_param(text)
    assert ncnn.Net().load_param_mem(text) != 0

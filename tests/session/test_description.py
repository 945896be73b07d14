from __future__ import annotations

import numpy as np
import pytest

from workbench.calibration.inputs import FileInputs
from workbench.calibration.readers import TensorReader
from workbench.formats.param import parse_param
from workbench.model import Model
from workbench.ops import OPS
from workbench.samples import sample
from workbench.session.description import describe


def settings(line: str) -> tuple[str, ...]:
    """The settings of a layer behind an Input."""
    blobs = 1 + int(line.split()[3])
    text = f"7767517\n2 {blobs}\nInput d 0 1 d\n{line}\n"
    return describe(Model(parse_param(text), {}))["p"].settings


def test_a_layer_is_described_with_the_line_that_teaches_its_op(model, arrays):
    words = describe(model, arrays)["dw"]
    assert (words.layer, words.type) == ("dw", "ConvolutionDepthWise")
    assert words.about == OPS["ConvolutionDepthWise"].about
    assert words.settings == ("num output 4", "kernel 3 × 3", "activation ReLU", "group 4", "pad 1")


def test_blobs_have_the_shapes_that_the_first_probe_gives_them(model, arrays):
    words = describe(model, arrays)
    assert words["conv1"].bottoms == ("data (3 × 8 × 8)",)
    assert words["split"].tops == ("left (4 × 8 × 8)", "right (4 × 8 × 8)")
    assert words["prob"].tops == ("prob (5)",)


def test_without_probes_what_is_not_known_is_a_question_mark(model):
    assert describe(model)["conv1"].bottoms == ("data (3 × ? × ?)",)


def test_a_probe_that_cannot_be_read_is_no_obstacle(model, tmp_path):
    missing = FileInputs((tmp_path / "missing.npy",), TensorReader())
    assert describe(model, missing)["conv1"].bottoms == ("data (3 × ? × ?)",)


def test_every_layer_of_a_sample_network_is_described():
    network = sample("mobilenet_v2")
    found = describe(network.load(), [np.zeros((1, 32, 32), np.float32)])
    assert all(words.about for words in found.values())
    assert found["add1"].settings == ("op add",)
    assert found["stem"].settings[:3] == ("num output 16", "kernel 3 × 3", "stride 2 × 2")
    assert not any("?" in blob for words in found.values() for blob in words.tops)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Pooling p 1 1 d p 0=1 4=1", ("pooling average", "global pooling 1")),
        ("Pooling p 1 1 d p 1=3 11=2 2=2", ("pooling max", "kernel 3 × 2", "stride 2 × 2")),
        (
            "Pooling p 1 1 d p 1=2 3=1 14=0",
            ("pooling max", "kernel 2 × 2", "pad left 1, pad right 0, pad top 1, pad bottom 1"),
        ),
        ("BinaryOp p 1 1 d p 0=2 1=1 2=0.5", ("op mul", "with scalar 1", "b 0.5")),
        ("Slice p 1 2 d p q -23300=2,-233,-233", ("slices automatic, automatic",)),
        ("ReLU p 1 1 d p 0=0.1", ("slope 0.1",)),
        ("Softmax p 1 1 d p 0=0 1=1", ()),
        ("Magic p 1 1 d p 0=7", ()),
    ],
)
def test_parameters_are_put_in_words(line, expected):
    assert settings(line) == expected

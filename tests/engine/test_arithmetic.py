from __future__ import annotations

import numpy as np
import pytest

from workbench.engine import arithmetic
from workbench.engine.arithmetic import _rounds_once, _run
from workbench.graph import Layer
from workbench.numerics.affine import multiply_add
from workbench.ops import values
from workbench.ops.kernels import KERNELS

KINDS = ("convolution", "depthwise 3x3", "depthwise", "inner product")


@pytest.mark.parametrize("kind", KINDS)
def test_the_probe_is_rounded_in_one_of_the_two_ways(kind):
    sums, third, tenth = np.arange(1, 128, dtype=np.float32), np.float32(1 / 3), np.float32(0.1)
    expected = multiply_add(sums, third, tenth, once=_rounds_once(kind))
    assert np.array_equal(_run(kind), expected)


def test_the_probes_run_once_for_all():
    assert arithmetic() is arithmetic()
    assert set(arithmetic().rounds_once) == set(KINDS)


@pytest.mark.parametrize(
    ("type", "params", "kind"),
    [
        ("Convolution", {0: 2, 1: 3, 6: 18}, "convolution"),
        ("ConvolutionDepthWise", {0: 4, 1: 3, 6: 72, 7: 2}, "convolution"),
        ("ConvolutionDepthWise", {0: 2, 1: 3, 6: 18, 7: 2}, "depthwise 3x3"),
        ("ConvolutionDepthWise", {0: 2, 1: 3, 3: 2, 6: 18, 7: 2, 9: 1}, "depthwise 3x3"),
        ("ConvolutionDepthWise", {0: 2, 1: 3, 6: 18, 7: 2, 9: 3, 10: (0.0, 6.0)}, "depthwise"),
        ("ConvolutionDepthWise", {0: 2, 1: 3, 3: 3, 6: 18, 7: 2}, "depthwise"),
        ("ConvolutionDepthWise", {0: 2, 1: 3, 2: 2, 6: 18, 7: 2}, "depthwise"),
        ("ConvolutionDepthWise", {0: 2, 1: 5, 6: 50, 7: 2}, "depthwise"),
        ("InnerProduct", {0: 2, 2: 6}, "inner product"),
    ],
)
def test_every_layer_is_of_a_kind_that_is_probed(type, params, kind):
    assert KERNELS[type].kind(values(Layer(type, "x", ("a",), ("b",), params))) == kind

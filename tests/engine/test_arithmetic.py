from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from workbench.engine import arithmetic
from workbench.graph import Layer
from workbench.numerics.affine import halves, multiply_add, to_int8
from workbench.ops import values
from workbench.ops.kernels import KERNELS

module = import_module("workbench.engine.arithmetic")  # the package has a function of that name
KINDS = ("convolution", "depthwise 3x3", "depthwise", "inner product")


def test_the_wheel_rounds_in_a_known_way_in_every_kind_of_kernel():
    assert set(arithmetic().rounds_once) == set(KINDS)


@pytest.mark.parametrize("once", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_either_way_to_round_is_found(kind, once, monkeypatch):
    def rounded(kind, top=()):
        real = multiply_add(module._SUMS, module._PART, module._PART, once)
        half = halves(real.size, adds_half=kind == "convolution")
        return to_int8(real * top[0], half) if top else real

    monkeypatch.setattr(module, "_run", rounded)
    assert module._rounds_once(kind, True) is once


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_that_rounds_in_another_way_is_told_apart(kind, monkeypatch):
    run = module._run
    monkeypatch.setattr(module, "_run", lambda *given: np.nextafter(run(*given), np.float32(0)))
    assert module._rounds_once(kind, True) is None


@pytest.mark.parametrize("once", [False, True])
@pytest.mark.parametrize("kind", KINDS[:3])
def test_int8_that_is_rounded_by_one_merged_scale_is_told_apart(kind, once, monkeypatch):
    """As kernels for other machines do: sum * (scale_in * top_scale) + bias * top_scale."""
    run = module._run

    def merged(kind, top=()):
        if not top:
            return run(kind)
        steps = multiply_add(module._SUMS, module._PART * top[0], module._PART * top[0], once)
        return to_int8(steps, halves(steps.size, adds_half=True))

    monkeypatch.setattr(module, "_run", merged)
    assert module._rounds_once(kind, True) is None


def test_the_probes_run_once_for_all():
    assert arithmetic() is arithmetic()


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

"""Int8 layers of every form, alone: the simulator's result is that of ncnn's own layer."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings

from tests.oracle.int8_layers import Case, convolutions, inner_products
from workbench.engine import SingleLayer
from workbench.ops import check, values
from workbench.ops.kernels import KERNELS
from workbench.simulation.blob import Blob
from workbench.simulation.quantized import QuantizedLayer
from workbench.simulation.steps import InInt8


def compare_with_ncnn(
    case: Case, quantized: QuantizedLayer | None = None, x: np.ndarray | None = None
) -> Blob:
    """Run a case here and in ncnn; the results must be equal, zeros of either sign alike."""
    quantized = quantized or case.quantized()
    check(quantized.int8_layer)
    x = case.bottom(quantized.bottom_scale) if x is None else x
    (ours,) = InInt8(quantized).run({"a": Blob(x, None, "input")})
    (theirs,) = SingleLayer(quantized.int8_layer, quantized.int8_weights).run({"a": x})
    assert ours.array.dtype == theirs.dtype
    np.testing.assert_array_equal(ours.array, theirs)
    return ours


def steps_over_the_end(case: Case) -> bool:
    """ncnn corrupts its memory where SAME padding is needed along one axis and is negative
    along the other.
    """
    if case.params[4] not in (-233, -234):
        return False
    given = values(case.layer)
    totals = []
    for axis, size in zip("hw", case.shape[1:], strict=True):
        stride = given[f"stride_{axis}"]
        extent = given[f"dilation_{axis}"] * (given[f"kernel_{axis}"] - 1) + 1
        totals.append(extent + (size - 1) // stride * stride - size)
    return min(totals) < 0 < max(totals)


@settings(max_examples=400, deadline=None)
@given(convolutions())
def test_a_convolution_equals_that_of_ncnn(case: Case) -> None:
    assume(not steps_over_the_end(case))
    compare_with_ncnn(case)


@settings(max_examples=120, deadline=None)
@given(inner_products())
def test_an_inner_product_equals_that_of_ncnn(case: Case) -> None:
    compare_with_ncnn(case)


# --- chosen cases ---

CONV3 = {0: 16, 1: 3, 4: 1, 5: 1, 6: 16 * 8 * 9}
EXAMPLES = {
    "Convolution": Case("Convolution", CONV3, (16, 8, 3, 3), (8, 14, 15), limit=31),
    "ConvolutionDepthWise": Case(
        "ConvolutionDepthWise", {0: 8, 1: 3, 4: 1, 5: 1, 6: 72, 7: 8}, (8, 1, 3, 3), (8, 14, 15)
    ),
    "InnerProduct": Case("InnerProduct", {0: 9, 1: 1, 2: 90}, (9, 10), (10,)),
}


@pytest.mark.parametrize("type", sorted(KERNELS))
def test_every_op_with_an_integer_kernel_has_an_example_that_it_computes_itself(type: str) -> None:
    assert compare_with_ncnn(EXAMPLES[type]).source == "int8 kernel"


@pytest.mark.parametrize("gives_int8", [False, True])
@pytest.mark.parametrize("activation", range(7))
def test_every_activation_runs_in_the_kernel_of_a_convolution(activation, gives_int8):
    params = {**CONV3, 9: activation}
    case = Case("Convolution", params, (16, 8, 3, 3), (8, 14, 15), gives_int8, limit=31)
    assert compare_with_ncnn(case).source == "int8 kernel"


def test_what_no_kernel_takes_is_left_to_ncnn():
    flat = Case("Convolution", {0: 4, 1: 1, 5: 1, 6: 40}, (4, 10, 1, 1), (10,))
    assert compare_with_ncnn(flat).source == "ncnn int8"
    lowest = Case("Convolution", {**CONV3, 18: -128.0}, (16, 8, 3, 3), (8, 9, 9), limit=31)
    assert compare_with_ncnn(lowest).source == "ncnn int8"


def test_the_overflow_of_winograd_is_that_of_ncnn():
    params = {0: 16, 1: 3, 5: 0, 6: 16 * 64 * 9}
    case = Case("Convolution", params, (16, 64, 3, 3), (64, 9, 9))
    quantized = replace(case.quantized(), weight=np.full((16, 64, 3, 3), 127, np.int8))
    high = np.full((64, 9, 9), 127, np.int8)
    assert compare_with_ncnn(case, quantized, high).source == "ncnn int8"
    assert compare_with_ncnn(case, quantized, high // 8).source == "int8 kernel"


@pytest.mark.parametrize("inputs", [40001, 140001])
def test_sums_beyond_float32_are_exact_and_those_beyond_int32_wrap(inputs):
    case = Case("InnerProduct", {0: 3, 1: 1, 2: 3 * inputs}, (3, inputs), (inputs,))
    quantized = replace(case.quantized(), weight=np.full((3, inputs), 127, np.int8))
    blob = compare_with_ncnn(case, quantized, np.full(inputs, 127, np.int8))
    assert blob.source == "int8 kernel"


@pytest.mark.parametrize("type", ["Convolution", "ConvolutionDepthWise"])
@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf, 3e9, 0.49999997, -0.49999997, 2.5])
def test_special_numbers_become_what_ncnn_makes_of_them(type, special):
    """On input as on output: values beyond int32, not a number, and just below a half."""
    case = replace(EXAMPLES[type], params={**EXAMPLES[type].params, 5: 0}, gives_int8=True)
    one = np.float32(1)
    identity = np.zeros(case.weight, np.int8)
    identity[range(8), range(8) if type == "Convolution" else 0, 1, 1] = 1
    quantized = replace(
        case.quantized(),
        weight=identity,
        weight_scales=np.ones_like(case.quantized().weight_scales),
        bottom_scale=one,
        top_scale=np.float32(abs(special)) if np.isfinite(special) else one,
    )
    x = np.random.default_rng(0).choice(np.float32([special, 1, -1, 0]), case.shape)
    compare_with_ncnn(case, quantized, x)
    compare_with_ncnn(case, replace(quantized, top_scale=None), x)


@pytest.mark.parametrize("activation", range(4))
@pytest.mark.parametrize("type", sorted(EXAMPLES))
def test_scales_at_the_ends_of_float32_give_what_ncnn_gives(type, activation):
    """Where a scale of sums is infinite or below the normal numbers, ncnn is asked."""
    params = {**EXAMPLES[type].params, 9: activation}
    case = replace(EXAMPLES[type], params=params, gives_int8=type != "InnerProduct")
    base = case.quantized()
    ends = (1e-30, 1.0, 3e38)
    for weight, bottom, top in product(ends, ends, ends):
        quantized = replace(
            base,
            weight_scales=np.full_like(base.weight_scales, weight),
            bottom_scale=np.float32(bottom),
            top_scale=None if base.top_scale is None else np.float32(top),
        )
        compare_with_ncnn(case, quantized, case.bottom(np.float32(60)))
        compare_with_ncnn(case, quantized, np.zeros(case.shape, np.float32))

"""Int8 layers of every form, alone: the simulator's result is that of ncnn's own layer.

Parameters, shapes, scales and activations are drawn; so are weights and inputs, by a seed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workbench.engine import SingleLayer
from workbench.graph import Layer, ParamValue
from workbench.ops import check, values
from workbench.ops.kernels import KERNELS
from workbench.simulation.blob import Blob
from workbench.simulation.quantized import QuantizedLayer
from workbench.simulation.steps import InInt8

ACTIVATION_PARAMS = {2: (0.125,), 3: (-1.5, 2.25), 6: (1 / 6, 0.5)}


@dataclass(frozen=True)
class Case:
    """A layer's parameters, the shape of its bottom, and how the numbers are drawn."""

    type: str
    params: dict[int, ParamValue]
    weight: tuple[int, ...]
    shape: tuple[int, ...]
    gives_int8: bool = False
    takes_int8: bool = False
    seed: int = 0
    limit: int = 127

    @property
    def layer(self) -> Layer:
        given = ACTIVATION_PARAMS.get(self.params.get(9, 0))
        params = {**self.params, 10: given} if given else self.params
        return Layer(self.type, "x", ("a",), ("b",), params)

    def quantized(self) -> QuantizedLayer:
        rng = np.random.default_rng(self.seed)
        layer, outputs = self.layer, self.weight[0]
        scales = self.params.get(7, outputs)
        return QuantizedLayer(
            layer=layer,
            weight=rng.integers(-self.limit, self.limit + 1, self.weight).astype(np.int8),
            bias=rng.normal(0, 1, outputs).astype(np.float32) if values(layer).bias_term else None,
            weight_scales=np.exp(rng.uniform(3, 7.5, scales)).astype(np.float32),
            bottom_scale=np.float32(np.exp(rng.uniform(1, 5))),
            top_scale=np.float32(np.exp(rng.uniform(1, 5))) if self.gives_int8 else None,
        )

    def bottom(self, scale: np.float32) -> np.ndarray:
        rng = np.random.default_rng(self.seed + 1)
        if self.takes_int8:
            return rng.integers(-127, 128, self.shape).astype(np.int8)
        return rng.normal(0, 60 / scale, self.shape).astype(np.float32)


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


# --- drawn cases ---

sizes = st.sampled_from((1, 1, 2, 3, 3, 3, 4, 5))
steps = st.sampled_from((1, 1, 2, 3))
activations = st.integers(0, 6)
flags = st.booleans()


@st.composite
def pads(draw: st.DrawFn) -> tuple[int, int, int, int]:
    kind = draw(st.sampled_from(("none", "same on all sides", "each its own", "upper", "lower")))
    if kind in ("upper", "lower"):
        return (-233 if kind == "upper" else -234,) * 4
    if kind == "each its own":
        return draw(st.tuples(*[st.integers(0, 3)] * 4))
    return (draw(st.integers(1, 3)) if kind == "same on all sides" else 0,) * 4


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    """Dense, grouped and depthwise."""
    group = draw(st.sampled_from((0, 0, 1, 2, 3, 8)))
    depthwise = bool(group) and draw(flags)
    inputs, outputs = (1, 1) if depthwise else draw(st.tuples(*[st.integers(1, 12)] * 2))
    (kw, kh), (dw, dh), (sw, sh) = (draw(st.tuples(s, s)) for s in (sizes, steps, steps))
    if draw(flags):
        kh, dh, sh = kw, dw, sw
    left, right, top, bottom = draw(pads())
    w = dw * (kw - 1) + 1 + draw(st.integers(0, 12))
    h = dh * (kh - 1) + 1 + draw(st.integers(0, 12))
    groups = group or 1
    weight = (outputs * groups, inputs, kh, kw)
    params: dict[int, ParamValue] = {
        **{0: weight[0], 1: kw, 2: dw, 3: sw, 4: left, 5: int(draw(flags)), 6: prod(weight)},
        **{9: draw(activations), 11: kh, 12: dh, 13: sh, 14: top, 15: right, 16: bottom},
        **({7: group} if group else {}),
        **({18: draw(st.sampled_from((1.0, -3.7, 127.0, 200.5, -128.0)))} if draw(flags) else {}),
    }
    return Case(
        type="ConvolutionDepthWise" if group else "Convolution",
        params=params,
        weight=weight,
        shape=(inputs * groups, h, w),
        gives_int8=draw(flags),
        takes_int8=draw(flags),
        seed=draw(st.integers(0, 999)),
        limit=31 if (kw, kh, sw, sh, dw, dh) == (3, 3, 1, 1, 1, 1) else 127,
    )


@st.composite
def inner_products(draw: st.DrawFn) -> Case:
    shape = draw(
        st.one_of(
            st.tuples(st.integers(1, 300)),
            st.tuples(st.integers(1, 9), st.integers(1, 80)),
            st.tuples(*[st.integers(1, 8)] * 3),
        )
    )
    by_rows = len(shape) == 2 and draw(flags)
    weight = (draw(st.integers(1, 40)), shape[1] if by_rows else prod(shape))
    params: dict[int, ParamValue] = {0: weight[0], 1: int(draw(flags)), 2: prod(weight)}
    params[9] = draw(activations)
    return Case("InnerProduct", params, weight, shape, seed=draw(st.integers(0, 999)))


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

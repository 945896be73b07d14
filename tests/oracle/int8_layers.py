"""Drawn int8 layers: parameters, shapes and activations of every form; weights by a seed."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from hypothesis import strategies as st

from workbench.graph import Layer, ParamValue
from workbench.ops import values
from workbench.simulation.quantized import QuantizedLayer

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

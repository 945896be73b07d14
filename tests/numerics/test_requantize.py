from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.numerics.activation import activation
from workbench.numerics.affine import halves, to_int8
from workbench.numerics.requantize import Output, blocks, quantize_rows

BOUNDS = {0: (-np.inf, np.inf), 1: (0.0, np.inf), 2: None, 3: (-1.5, 2.25)}
PARAMS = {2: (0.125,), 3: (-1.5, 2.25)}


def output_of(
    rng: np.random.Generator, kind: int, bias_size: float, once: bool, channels: int = 5
) -> Output:
    bias = rng.normal(0, bias_size, channels).astype(np.float32) if bias_size else None
    return Output(
        scale_in=(1 / rng.uniform(50, 5000, channels)).astype(np.float32),
        bias=bias,
        once=once,
        activation=lambda x: activation(x, kind, PARAMS.get(kind, ())),
        clip=BOUNDS[kind],
        largest=np.full(channels, 1e5),
    )


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    kind=st.sampled_from(sorted(BOUNDS)),
    bias_size=st.sampled_from((0.0, 1.0, 100.0, 1e5)),
    once=st.booleans(),
    adds_half=st.booleans(),
    top_scale=st.floats(2.0**-10, 2.0**13, width=32),
)
def test_the_shortcut_gives_what_each_rounding_in_turn_gives(
    seed, kind, bias_size, once, adds_half, top_scale
):
    rng = np.random.default_rng(seed)
    output = output_of(rng, kind, bias_size, once)
    sums = rng.integers(-100000, 100001, (5, 301)).astype(np.float32)
    expected = to_int8(output.real(sums) * np.float32(top_scale), halves(301, adds_half))
    output = replace(output, top_scale=top_scale, adds_half=adds_half)
    found = output.quantized(sums)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("once", [False, True])
def test_ties_and_their_neighbours_go_where_each_rounding_sends_them(once):
    """Sums of 2^-8 steps: every 256th is a tie, and a bias moves some to a float32 beside it."""
    sums = np.arange(-40000, 40001, dtype=np.float32)[None]
    for bias in (None, 0.0, 2.0**-20, -(2.0**-20), 2.0**-24, 1e-9):
        output = Output(
            scale_in=np.full(1, 2.0**-8, np.float32),
            bias=None if bias is None else np.full(1, bias, np.float32),
            once=once,
            activation=lambda x: x,
            clip=BOUNDS[0],
            largest=np.full(1, 4e4),
        )
        for top_scale in (np.float32(1), np.nextafter(np.float32(1), np.float32(0))):
            expected = to_int8(output.real(sums) * top_scale, halves(sums.size, True))
            found = replace(output, top_scale=float(top_scale), adds_half=True).quantized(sums)
            np.testing.assert_array_equal(found, expected)


def test_most_elements_take_the_shortcut(monkeypatch):
    rng = np.random.default_rng(0)
    output = output_of(rng, 1, 1.0, True)
    careful = []
    real = Output._real

    def counted(self, sums, scale, bias):
        careful.append(sums.size)
        return real(self, sums, scale, bias)

    monkeypatch.setattr(Output, "_real", counted)
    sums = rng.integers(-100000, 100001, (5, 20000)).astype(np.float32)
    replace(output, top_scale=10.0).quantized(sums)
    assert sum(careful) < sums.size / 500


def test_what_may_pass_int32_takes_no_shortcut():
    output = output_of(np.random.default_rng(0), 0, 1.0, True)
    sums = np.full((5, 8), 1e5, np.float32)
    found = replace(output, top_scale=1e12).quantized(sums)
    assert np.array_equal(found, np.full((5, 8), -127))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    scale=st.floats(2.0**-20, 2.0**20, width=32),
    steps=st.sampled_from((None, 1, 2, 4)),
    adds_half=st.booleans(),
)
def test_a_blob_is_quantized_as_each_rounding_in_turn_does(seed, scale, steps, adds_half):
    """Also where all values lie on ties, at halves and quarters of a step."""
    rng = np.random.default_rng(seed)
    scale = np.float32(scale)
    x = rng.normal(0, 60, (3, 1001)).astype(np.float32)
    x = (x if steps is None else np.round(x * steps) / steps) / scale
    x = x.astype(np.float32)
    expected = to_int8(x * scale, halves(1001, adds_half))
    np.testing.assert_array_equal(quantize_rows(x, scale, adds_half), expected)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e30])
def test_a_blob_with_odd_values_is_quantized_as_the_machine_converts_them(odd):
    x = np.array([[1, odd, -1, 0.5, 200]], np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        expected = to_int8(x * np.float32(3), halves(5, adds_half=True))
    np.testing.assert_array_equal(quantize_rows(x, np.float32(3), adds_half=True), expected)


@pytest.mark.parametrize("shape", [(1, 1), (7, 10), (3, 105), (1000, 1)])
def test_blocks_cover_all_rows_once(shape):
    rows = [row for block in blocks(shape, 100) for row in range(block.start, block.stop)]
    assert rows == list(range(shape[0]))

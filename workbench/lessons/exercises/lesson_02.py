"""The exercises of lesson 2: one layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.engine import SingleLayer
from workbench.formats.weights import Weight
from workbench.graph import Layer
from workbench.lessons.checks import Attempt, Claims, exercise, same

_MOST = 127 * 127


@exercise
def room(attempt: Attempt) -> Claims:
    """Say how many products of int8 numbers surely fit into an int32 sum."""
    count = attempt.value
    yield "it is a whole number", count == int(count)
    yield "so many products fit, even if all are the largest", count * _MOST < 2**31
    yield "one more would not fit any more", (count + 1) * _MOST >= 2**31


@exercise
def sums(attempt: Attempt) -> Claims:
    """Add up a window's products at each place, in whole numbers."""
    rng = np.random.default_rng(3)
    single = np.zeros((5, 5), np.int8)
    single[2, 2] = 1
    w = rng.integers(-127, 128, (3, 3)).astype(np.int8)
    result = attempt(np.zeros((5, 7), np.int8), w)
    yield "a picture (h, w) gives sums (h - 2, w - 2)", np.shape(result) == (3, 5)
    yield "a picture of zeros gives zeros", not np.any(result)
    full = attempt(np.full((4, 4), 127, np.int8), np.full((3, 3), 127, np.int8))
    yield (
        "the largest sum, 9 * 127 * 127, is not too large for it",
        same(full, np.full((2, 2), 9 * _MOST)),
    )
    seen = attempt(single, w)
    yield (
        "a single 1 in the picture shows each weight once",
        same(np.sort(seen, None), np.sort(w, None)),
    )
    yield "the window is not turned round", same(np.asarray(seen)[::-1, ::-1], w)
    q = rng.integers(-127, 128, (9, 8)).astype(np.int8)
    yield "it agrees with a loop over every place", same(attempt(q, w), _sums(q, w))


@exercise
def real(attempt: Attempt) -> Claims:
    """Turn int32 sums into real numbers."""
    none = np.zeros(3, np.int32)
    some = np.array([-16129, 0, 5, 16129], np.int32)
    yield "a sum of 0 gives the bias", np.allclose(attempt(none, 80.0, 50.0, 0.25), 0.25)
    yield (
        "one product 127 * 127 is the largest x times the largest weight",
        np.allclose(attempt(some[3:], 127 / 2.0, 127 / 0.5, 0.0), 1.0),
    )
    once, twice = attempt(some, 80.0, 50.0, 0.0), attempt(some, 160.0, 50.0, 0.0)
    yield "twice the input's scale halves the result", np.allclose(once, 2 * np.asarray(twice))
    yield (
        "the scales do not touch the bias",
        np.allclose(attempt(some, 80.0, 50.0, 3.0), np.asarray(once) + 3.0),
    )


@exercise
def layer(attempt: Attempt) -> Claims:
    """Compute a whole layer: real numbers in, whole ones in between, real ones out."""
    rng = np.random.default_rng(4)
    w = rng.integers(-127, 128, (3, 3)).astype(np.int8)
    s_x, s_w, bias = np.float32(60.0), np.float32(300.0), np.float32(0.125)
    dark = attempt(np.zeros((4, 5), np.float32), s_x, w, s_w, bias)
    yield "a picture (h, w) gives one of (h - 2, w - 2)", np.shape(dark) == (2, 3)
    yield "a picture of zeros gives the bias everywhere", np.allclose(dark, bias)
    x = rng.normal(0, 1, (12, 11)).astype(np.float32)
    yield "nothing is below 0", np.min(attempt(x, s_x, w, s_w, bias)) >= 0
    bright = np.full((3, 3), 1000, np.float32)
    most = np.full((3, 3), 127, np.int8)
    largest = float(np.max(attempt(bright, s_x, most, s_w, bias)))
    yield "inputs beyond the threshold are clipped", largest < 9 * _MOST / (60 * 300) + 1
    yield "this ReLU has no upper end: 6 may be exceeded", largest > 6
    halves = attempt(np.full((3, 3), 0.5 / 64, np.float32), np.float32(64), most, s_w, bias)
    yield "inputs go to the nearest whole number, halves away from 0", np.max(halves) > bias
    truth = _ncnn(x, s_x, w, s_w, bias)
    result = attempt(x, s_x, w, s_w, bias)
    yield "it agrees with ncnn, up to the last bits", np.allclose(result, truth, 1e-5, 1e-5)


def _sums(q: NDArray[np.int8], w: NDArray[np.int8]) -> NDArray[np.int64]:
    windows = np.lib.stride_tricks.sliding_window_view(q.astype(np.int64), (3, 3))
    result: NDArray[np.int64] = (windows * w).sum(axis=(2, 3))
    return result


def _ncnn(
    x: NDArray[np.float32], s_x: np.float32, w: NDArray[np.int8], s_w: np.float32, bias: np.float32
) -> NDArray[np.float32]:
    params = {0: 1, 1: 3, 5: 1, 6: 9, 8: 2, 9: 1}
    scales = {"bias": bias, "weight_int8_scales": s_w, "bottom_int8_scales": s_x}
    raw = (Weight.of(name, np.atleast_1d(value)) for name, value in scales.items())
    one = Layer("Convolution", "layer", ("x",), ("y",), params)
    (top,) = SingleLayer(one, (Weight.of("weight", w, "int8"), *raw)).run({"x": x[None]})
    result: NDArray[np.float32] = top[0]
    return result

"""The exercises of lesson 7: weights."""

from __future__ import annotations

import numpy as np

from workbench.lessons.checks import Attempt, Claims, exercise, same
from workbench.numerics.affine import quantize, scale_of
from workbench.numerics.weights import eight_bits_proven_safe, needs_six_bits, weight_scales


@exercise
def scales(attempt: Attempt) -> Claims:
    """Give each output channel a weight scale."""
    small = np.array([[0.5, -2.0], [0.25, 0.125]], np.float32)
    given = np.asarray(attempt(small))
    yield "there is one scale for each channel", given.shape == (2,)
    levels = np.abs(small * given[:, None]).max(axis=1)
    yield "each channel's largest |weight| becomes 127", np.allclose(levels, 127, rtol=1e-5)
    dead = np.array([[1.0, 1.0], [0.0, 0.0]], np.float32)
    yield "a channel of zeros has the scale 1", np.asarray(attempt(dead))[1] == 1
    rng = np.random.default_rng(0)
    for shape in ((4, 3, 3, 3), (6, 1, 3, 3), (5, 8)):
        sizes = rng.uniform(0.1, 3, shape[:1] + (1,) * (len(shape) - 1))
        weight = rng.normal(0, sizes, shape).astype(np.float32)
        expected = weight_scales(weight, shape[0]).scales
        agrees = np.allclose(attempt(weight), expected, rtol=1e-5)
        yield "it agrees with weight_scales", agrees


@exercise
def levels(attempt: Attempt) -> Claims:
    """Give the largest level that each channel reaches where all share one scale."""
    weight = np.array([[2.0, -1.0], [0.5, -1.0], [0.001, 0.0]], np.float32)
    given = np.asarray(attempt(weight))
    yield "there is one number for each channel", given.shape == (3,)
    yield "the channel with the largest weight reaches 127", given[0] == 127
    yield "half the largest weight reaches level 64 (63.5, rounded)", given[1] == 64
    yield "a channel far smaller than half a step reaches 0", given[2] == 0
    rng = np.random.default_rng(1)
    for shape in ((4, 2, 3, 3), (7, 5)):
        weight = (rng.normal(0, 1, shape).T * rng.uniform(0.1, 2, shape[0])).T.astype(np.float32)
        q = quantize(weight, scale_of(float(np.abs(weight).max()))).reshape(shape[0], -1)
        yield "it is what quantize gives", same(attempt(weight), np.abs(q).max(axis=1))


@exercise
def rule(attempt: Attempt) -> Claims:
    """Tell how many bits ncnn gives to a layer's weights."""
    square = [(n, n) for n in (1, 2, 3, 5)] + [(3, 1), (1, 3)]
    cases = [("Convolution", (3, 3), (1, 1), (1, 1))]
    cases += [("Convolution", kernel, (1, 1), (1, 1)) for kernel in square]
    cases += [("Convolution", (3, 3), stride, (1, 1)) for stride in ((2, 2), (1, 2), (2, 1))]
    cases += [("Convolution", (3, 3), (1, 1), dilation) for dilation in ((2, 2), (1, 2))]
    cases += [("ConvolutionDepthWise", (3, 3), (1, 1), (1, 1))]
    for case in cases:
        type_, *pairs = case
        names = ("kernel", "stride", "dilation")
        layer = {f"{n}_{a}": pair[i] for n, pair in zip(names, pairs, strict=True) for i, a in _WH}
        six = type_ == "Convolution" and needs_six_bits(layer)
        bits = attempt(*case)
        yield "the answer is 6 or 8", bits in (6, 8)
        yield f"a {type_} as in this call has that many bits", bits == (6 if six else 8)


_WH = ((0, "w"), (1, "h"))


@exercise
def safe(attempt: Attempt) -> Claims:
    """Tell whether int8 Winograd provably cannot overflow on some weights."""
    small = attempt(np.ones((2, 1), np.int8))
    yield "the answer is one True or False", isinstance(small, bool | np.bool_)
    yield "two channels with a single weight of 1 are safe", small
    full = np.full((2, 30, 3, 3), 127, np.int8)
    yield "30 channels full of 127 are not", not attempt(full)
    yield "nor are 30 channels full of -127: signs do not help", not attempt(-full)
    mixed = np.concatenate([full[:1], np.zeros_like(full[:1])])
    yield "one channel that is not safe is enough", not attempt(mixed)
    yield "what counts is one channel's sum, not that of all", attempt(np.ones((999, 99), np.int8))
    most = (2**31 - 1) // (576 * 127)
    for count in (most, most + 1):
        q = np.ones((3, count), np.int8)
        agrees = bool(attempt(q)) == eight_bits_proven_safe(q)
        yield "at the limit it agrees with eight_bits_proven_safe", agrees

"""The exercises of lesson 1: the grid."""

from __future__ import annotations

import numpy as np

from workbench.lessons.checks import Attempt, Claims, exercise, same
from workbench.numerics.affine import dequantize, quantize, scale_of
from workbench.numerics.rounding import round_half_away


@exercise
def step(attempt: Attempt) -> Claims:
    """Give the distance of two neighbouring points of the grid, for a threshold."""
    for threshold in (127.0, 2.0, 0.5, 1000.0):
        points = dequantize(np.array([41, 42]), scale_of(threshold))
        given = attempt(threshold)
        yield "the step is positive", given > 0
        yield "42 steps are the point number 42", np.isclose(42 * given, points[1], rtol=1e-5)


@exercise
def rounding(attempt: Attempt) -> Claims:
    """Round a number to the nearest whole one, a half away from zero."""
    for x in (0.0, 0.2, 0.8, 3.49, -0.2, -0.8, -7.6, 1e6 + 0.25):
        yield "no whole number lies nearer to x", abs(attempt(x) - x) <= 0.5
        yield "the result is whole", attempt(x) == np.trunc(attempt(x))
    for x in (0.5, 1.5, 2.5, -0.5, -1.5, -2.5):
        yield "a half goes away from zero", abs(attempt(x)) > abs(x)
    for x in (0.5, 2.5, 13.5, 0.7):
        yield "-x becomes the negative of what x becomes", attempt(-x) == -attempt(x)
    for x in np.random.default_rng(1).normal(0, 20, 50).round(2):
        yield "it agrees with round_half_away", attempt(float(x)) == round_half_away(x)


@exercise
def grid(attempt: Attempt) -> Claims:
    """Turn real numbers into whole ones from -127 to 127, for a scale."""
    rng = np.random.default_rng(2)
    whole = np.array([3, -4], np.float32)
    near = np.array([0.0, 0.25, 0.75, -0.75, 1.0], np.float32)
    yield "with a scale of 1, whole numbers stay", same(attempt(whole, 1.0), whole)
    yield "a half goes away from zero", same(attempt(near, np.float32(2)), [0, 1, 2, -2, 2])
    far = np.array([63.4, 64.0, 1e6, -64.0, -1e6], np.float32)
    yield "nothing exceeds 127", np.max(attempt(far, np.float32(2))) <= 127
    yield "nothing is below -127 (not -128!)", np.min(attempt(far, np.float32(2))) >= -127
    yield "what is too large keeps its sign", same(np.sign(attempt(far, 2.0)), np.sign(far))
    for scale in (np.float32(0.37), np.float32(63.5)):
        x = rng.normal(0, 2, (3, 50)).astype(np.float32)
        yield "it agrees with quantize", same(attempt(x, scale), quantize(x, scale))


@exercise
def widest(attempt: Attempt) -> Claims:
    """Give the largest threshold whose rounding error is at most a given one."""
    for error in (0.5, 0.01, 3.0):
        threshold = attempt(error)
        yield "the threshold is positive", threshold > 0
        half_a_step = 0.5 / float(scale_of(threshold))
        yield "no number inside is wrong by more than the error", half_a_step <= error * 1.000001
        larger = 0.5 / float(scale_of(threshold * 1.001))
        yield "a slightly larger threshold would be wrong by more", larger > error

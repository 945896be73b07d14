"""The exercises of lesson 10: adding two blobs."""

from __future__ import annotations

import numpy as np

from workbench.lessons.checks import Attempt, Claims, exercise, same
from workbench.numerics.fixed_point import multiplier8
from workbench.ops.integer.combining import prepare_sum, weighted_sum


@exercise
def byte(attempt: Attempt) -> Claims:
    """Give what a byte holds if it is to hold a whole number."""
    for number in (0, 5, 127, -128, -3):
        yield "what fits stays as it is", attempt(number) == number
    yield "the number after 127 is -128", attempt(128) == -128
    yield "100 + 100 becomes -56", attempt(200) == -56
    yield "the number before -128 is 127", attempt(-129) == 127
    for number in (-1000, 255, 256, 300, 12345, -32768):
        yield "256 more make no difference", attempt(number) == attempt(number + 256)
        yield "it lies between -128 and 127", -128 <= attempt(number) <= 127


@exercise
def fits(attempt: Attempt) -> Claims:
    """Give the largest scale of a sum with which it always fits."""
    for s_a, s_b in ((1.0, 1.0), (63.5, 100.0), (20.0, 4.0), (0.5, 0.5)):
        scale = attempt(s_a, s_b)
        yield "the scale is positive", scale > 0
        level = (127 / s_a + 127 / s_b) * scale
        yield "the sum of the two largest numbers fits", level <= 127 * (1 + 1e-6)
        yield "with a scale that is 1 % larger it would not", level * 1.01 > 127
        yield "it does not matter which blob comes first", np.isclose(scale, attempt(s_b, s_a))


@exercise
def add(attempt: Attempt) -> Claims:
    """Add two arrays of levels, each in a scale of its own."""
    few, zero = np.array([3, -4, 50], np.int8), np.zeros(3, np.int8)
    yield (
        "adding nothing in the same scale changes nothing",
        same(attempt(few, 10.0, zero, 10.0, 10.0), few),
    )
    yield (
        "half the scale, half the level",
        same(attempt(np.array([50], np.int8), 10.0, np.array([0], np.int8), 7.0, 5.0), [25]),
    )
    large = np.array([100, -100], np.int8)
    total = attempt(large, 1.0, large, 1.0, 1.0)
    yield "a sum that is too large keeps its sign", same(np.sign(total), [1, -1])
    yield "it is clipped to 127 or -127", same(total, [127, -127])
    halves = attempt(np.array([1, -1], np.int8), 2.0, np.array([0, 0], np.int8), 1.0, 1.0)
    yield "a half goes away from zero", same(halves, [1, -1])
    once = attempt(np.array([1], np.int8), 3.0, np.array([1], np.int8), 3.0, 1.0)
    yield "the sum is rounded, not each term: 1/3 + 1/3 is nearer to 1", same(once, [1])
    rng = np.random.default_rng(3)
    a, b = rng.integers(-127, 128, (2, 40)).astype(np.int8)
    for s_a, s_b, s_sum in ((63.5, 100.0, 63.5), (48.462, 23.231, 17.7)):
        prepared = prepare_sum([s_a, s_b], s_sum, headroom=20)
        expected = weighted_sum([a, b], prepared)
        yield "it agrees with weighted_sum", same(attempt(a, s_a, b, s_b, s_sum), expected)


@exercise
def integers(attempt: Attempt) -> Claims:
    """Add two arrays of levels with whole numbers only."""
    a, b = np.array([64, 32], np.int8), np.array([100, 127], np.int8)
    total = np.asarray(attempt(a, b, 163, 8))
    yield "the numbers are whole in the end", np.issubdtype(total.dtype, np.integer)
    yield "the sum of the lesson's example is 127 and 113", same(total, [127, 113])
    one = np.array([1, 3], np.int8)
    zero = np.zeros(2, np.int8)
    yield (
        "1 · 128 / 256 is a half and becomes 1, 3 · 128 / 256 becomes 2",
        same(attempt(zero, one, 128, 8), [1, 2]),
    )
    least = attempt(np.array([-127], np.int8), np.array([-127], np.int8), 256, 8)
    yield "what is too small becomes -127", same(least, [-127])
    rng = np.random.default_rng(4)
    a, b = rng.integers(-127, 128, (2, 60)).astype(np.int8)
    for change in (0.635, 0.0831, 1.7):
        pair = multiplier8(change)
        prepared = prepare_sum([change, 1.0], change, flavour="rounded")
        given = attempt(a, b, int(pair.e[0]), pair.f)
        yield "it agrees with weighted_sum", same(given, weighted_sum([a, b], prepared))

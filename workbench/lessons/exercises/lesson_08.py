"""The exercises of lesson 8: multipliers and shifts."""

from __future__ import annotations

import numpy as np

from workbench.lessons.checks import Attempt, Claims, exercise
from workbench.numerics.fixed_point import multiplier8, multiplier31, rounded_shift
from workbench.numerics.fixed_point.prepare import Multiplier8


@exercise
def pair(attempt: Attempt) -> Claims:
    """Find E and F so that E / 2^F is about r, with E in 8 bits."""
    rng = np.random.default_rng(0)
    for r in (0.6, 0.9, 0.0037, 0.25, 128.4 / 2**15, *rng.uniform(1e-4, 0.9, 20)):
        r = float(np.float32(r))
        e, f = attempt(r)
        yield "E is a whole number, and so is F", e == int(e) and f == int(f)
        yield "E / 2^F is within a hundredth of r", abs(e / 2.0**f - r) < 0.01 * r
        yield "r * 2^F is above 128", r * 2.0**f > 128
        yield "r * 2^F is at most 256", r * 2.0**f <= 256
        yield "no other E lies nearer to r * 2^F", abs(e - r * 2.0**f) <= 0.5
    for r in rng.uniform(1e-5, 0.9, 20):
        m, given = multiplier8(r), attempt(float(np.float32(r)))
        yield "it agrees with multiplier8", tuple(given) == (int(m.e[0]), m.f)


@exercise
def nearest(attempt: Attempt) -> Claims:
    """Multiply a sum by E and shift by F, to the nearest whole number."""
    yield "3 * 1 / 2^1 = 1.5 becomes 2", attempt(3, 1, 1) == 2
    yield "-3 * 1 / 2^1 = -1.5 becomes -1: a half goes upwards", attempt(-3, 1, 1) == -1
    yield "5 * 1 / 2^2 = 1.25 becomes 1", attempt(5, 1, 2) == 1
    yield "-5 * 1 / 2^2 = -1.25 becomes -1", attempt(-5, 1, 2) == -1
    exact = attempt(2**53 + 1, 2, 1)
    yield "large numbers are exact too (no real numbers in between)", exact == 2**53 + 1
    rng = np.random.default_rng(1)
    for total in rng.integers(-(2**22), 2**22, 30):
        m = Multiplier8(rng.integers(1, 257, 1), int(rng.integers(1, 20)))
        expected = int(rounded_shift(np.array([total]), m)[0])
        yield "it agrees with rounded_shift", attempt(int(total), int(m.e[0]), m.f) == expected


@exercise
def room(attempt: Attempt) -> Claims:
    """Count the products that a sum may have if it is multiplied by 256 in an int32."""
    largest = 127 * 127 * 256
    yield "that many fit, even if all are as large as can be", attempt.value * largest < 2**31
    yield "with one more it might overflow", (attempt.value + 1) * largest >= 2**31


@exercise
def wide(attempt: Attempt) -> Claims:
    """Write a number as M0 / 2^(31 + n), M0 having 31 bits."""
    rng = np.random.default_rng(2)
    for r in (0.5, 0.75, 0.0037, 0.25, 1.0, 3.5, *np.exp(rng.uniform(-12, 2, 20)), 1 - 2.0**-40):
        m0, n = attempt(float(r))
        yield "M0 is a whole number, and so is n", m0 == int(m0) and n == int(n)
        yield "M0 / 2^(31 + n) is within a millionth of r", abs(m0 / 2.0 ** (31 + n) / r - 1) < 1e-6
        yield "M0 is at least 2^30", m0 >= 2**30
        why = "n may be negative" if r >= 1 else "rounding can take it there!"
        yield f"M0 is below 2^31 ({why})", m0 < 2**31
        yield "no other M0 lies nearer", abs(m0 - r * 2.0 ** (31 + n)) <= 0.5
        m = multiplier31(r)
        yield "it agrees with multiplier31", (m0, n) == (int(m.m0[0]), int(m.shift[0]))

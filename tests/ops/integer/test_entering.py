from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.numerics.fixed_point import OverflowCounter, multiplier8
from workbench.ops.integer.entering import enter, enter_by_shift

REAL = st.floats(-1000, 1000, width=32)


def test_an_input_is_rounded_to_the_nearest_level() -> None:
    assert enter(np.array([0.125, -0.125, 0.12, 9], np.float32), 20.0).tolist() == [3, -3, 2, 127]


@given(REAL, st.floats(0.01, 1000))
@example(-57.734375, 0.796875)  # -5888.9 + 0.5 is truncated to -5888, and shifted to -46
def test_the_documents_input_is_within_its_bound(x: float, scale: float) -> None:
    multiplier = multiplier8(scale, bits=7)
    result = int(enter_by_shift(np.array([x], np.float32), multiplier)[0])
    if multiplier.f >= 0:
        exact = np.float64(np.float32(x) * np.float32(multiplier.e[0])) / 2.0**multiplier.f
        error = result - np.clip(exact, -127, 127)
        unit = 2.0**-multiplier.f
        assert -1 - unit < error < 1.5 * unit
        assert x < 0 or error <= 0.5 * unit


def test_the_document_truncates_the_product_and_shifts_it_down() -> None:
    multiplier = multiplier8(20.0, bits=7)  # E = 160, F = 3
    x = np.array([0.5, 0.49, -0.49, 0.003], np.float32)
    # 80 >> 3; 78.4 + 0.5 -> 78 >> 3; -78.4 + 0.5 -> -77 >> 3; 0.48 + 0.5 -> 0
    assert enter_by_shift(x, multiplier).tolist() == [10, 9, -10, 0]


def test_products_that_leave_int32_are_counted() -> None:
    x = np.array([3e38, -3e38, np.inf, np.nan], np.float32)
    counter = OverflowCounter()
    assert enter_by_shift(x, multiplier8(20.0), counter).tolist() == [127, -127, 127, 0]
    assert counter.overflows == 3


def test_a_large_scale_shifts_to_the_left() -> None:
    multiplier = multiplier8(1000.0, bits=7)  # E = 250, F = -2
    assert enter_by_shift(np.array([0.1, 0.01, -0.01], np.float32), multiplier).tolist() == [
        100,
        12,
        -8,
    ]

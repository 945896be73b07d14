from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import CalibrationError
from workbench.numerics.fixed_point import FLAVOURS, Flavour
from workbench.ops.integer.rescaling import prepare_change, rescaled

EVERY = np.arange(-127, 128, dtype=np.int8)
SCALES = st.floats(0.01, 1000)


@pytest.mark.parametrize("flavour", FLAVOURS)
@given(SCALES, SCALES)
def test_levels_in_another_scale_are_within_the_bound_of_the_flavour(
    flavour: Flavour, before: float, after: float
) -> None:
    change = prepare_change(before, after, flavour)
    result = rescaled(EVERY, change)
    assert result.dtype == np.int8
    exact = EVERY * (1.0 if change is None else change.real[0])
    error = result - exact.clip(-127, 127)
    if flavour == "floor":
        assert error.min() > -1
        assert error.max() <= 0
    else:
        assert np.abs(error).max() <= (1.0 if flavour == "two roundings" else 0.5) + 1e-9


def test_the_same_scale_is_no_change() -> None:
    assert prepare_change(np.array([2, 3], np.float32), np.array([2, 3], np.float32)) is None
    assert rescaled(EVERY, None).tolist() == EVERY.tolist()


def test_each_channel_can_have_a_scale_of_its_own() -> None:
    x = np.full((2, 1, 2), 100, np.int8)
    change = prepare_change(np.array([10, 20], np.float32), np.array([5, 5], np.float32))
    assert rescaled(x, change)[:, 0, 0].tolist() == [50, 25]


@pytest.mark.parametrize("wrong", [0.0, np.inf, np.nan, -1.0])
def test_what_is_no_scale_is_refused(wrong: float) -> None:
    with pytest.raises(CalibrationError):
        prepare_change(wrong, 1.0)
    with pytest.raises(CalibrationError):
        prepare_change(1.0, wrong)

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import CalibrationError
from workbench.numerics.fixed_point import (
    FLAVOURS,
    Flavour,
    Multiplier8,
    Rescale,
    floor_shift,
    multiplier31,
    one_rounding,
    prepare_rescale,
    rounded_shift,
    two_roundings,
)

FUNCTIONS: dict[str, Any] = {
    "floor": floor_shift,
    "rounded": rounded_shift,
    "one rounding": one_rounding,
    "two roundings": two_roundings,
}


@pytest.mark.parametrize("flavour", FLAVOURS)
@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=2, max_size=2))
def test_a_rescale_applies_its_flavour(flavour: Flavour, sums: list[int]) -> None:
    rescale = prepare_rescale([0.3, 0.004], flavour)
    array = np.array(sums, np.int32)
    expected = FUNCTIONS[flavour](array, rescale.multiplier)
    np.testing.assert_array_equal(rescale.apply(array), expected)


def test_small_multipliers_have_the_bits_that_were_asked_for() -> None:
    rescale = prepare_rescale(0.3, "rounded", bits=5)
    assert isinstance(rescale.multiplier, Multiplier8)
    assert rescale.multiplier.e.tolist() == [19]  # 0.3 * 2^6
    assert rescale.real.tolist() == [19 / 64]


@pytest.mark.parametrize("flavour", ["floor", "sideways"])
def test_a_multiplier_that_is_not_for_the_flavour_is_refused(flavour: Flavour) -> None:
    with pytest.raises(CalibrationError, match="cannot be applied"):
        Rescale(multiplier31(0.5), flavour)

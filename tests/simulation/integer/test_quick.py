from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.numerics.fixed_point import FLAVOURS
from workbench.ops.integer.requantizing import prepare_requantization, requantize
from workbench.simulation.integer.quick import quick

exponents = st.floats(-30, -0.02, allow_nan=False)
ratios = st.lists(exponents.map(lambda exponent: 2**exponent), min_size=3, max_size=3)


@given(
    st.sampled_from(list(FLAVOURS)),
    ratios,
    st.integers(1, 1 << 30),
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=3, max_size=3),
    st.integers(0, 1 << 31),
)
def test_the_short_way_gives_the_same_integers(flavour, real, largest, bias, seed):
    weight_scales = 1 / np.array(real, np.float32)
    biases = np.array(bias, np.float32) * np.array(real, np.float32)
    prepared = prepare_requantization(
        weight_scales, np.float32(1), np.float32(1), biases, flavour=flavour
    )
    short = quick(prepared, np.full(3, largest))
    if short is None:
        return
    rng = np.random.default_rng(seed)
    sums = rng.integers(-largest, largest, (3, 200), endpoint=True).astype(np.int32)
    sums[:, 0], sums[:, 1] = largest, -largest
    assert np.array_equal(short.run(sums), requantize(sums, prepared))


def test_the_usual_layer_has_a_short_way_and_one_that_may_overflow_has_none():
    usual = prepare_requantization(
        np.full(2, 300, np.float32), np.float32(20), np.float32(15), np.ones(2, np.float32)
    )
    assert quick(usual, np.full(2, 1 << 24)) is not None
    assert quick(usual, np.full(2, (1 << 31) - 10)) is None
    shift = prepare_requantization(
        np.full(2, 300, np.float32), np.float32(20), np.float32(15), flavour="floor"
    )
    assert quick(shift, np.full(2, 1 << 20)) is not None
    assert quick(shift, np.full(2, 1 << 24)) is None

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.numerics import compiled
from workbench.numerics.histogram import count, largest
from workbench.numerics.metrics import BLOCK, Sums

values = arrays(
    np.float32,
    st.integers(0, 70),
    elements=st.floats(width=32, allow_nan=False, allow_infinity=False)
    | st.floats(-4, 4, width=32),
)


def either(call):
    """What the compiled loops give, and what NumPy gives."""
    compiled.prepare(wait=True)
    assert compiled.loops()
    with pytest.MonkeyPatch.context() as patch:
        found = call()
        patch.setattr(compiled, "_loops", None)
        return found, call()


@given(values, st.floats(2.0**-126, 2.0**127, width=32), st.sampled_from([8, 2048]))
def test_equal_bins_are_the_same_as_without_compiled_loops(x, absmax, bins):
    (ours, zeros), (theirs, their_zeros) = either(lambda: count(x, absmax, bins))
    assert np.array_equal(ours, theirs)
    assert zeros == their_zeros == np.count_nonzero(x == 0)


@given(values, values)
def test_the_sums_of_two_blobs_are_the_same_as_without_compiled_loops(x, y):
    ours, theirs = either(lambda: Sums.of(x[: y.size], y[: x.size]))
    assert ours == theirs


@pytest.mark.parametrize("size", [BLOCK - 8, BLOCK, BLOCK + 9, 3 * BLOCK + 7])
def test_the_sums_of_many_blocks_are_the_same_as_without_compiled_loops(size):
    rng = np.random.default_rng(size)
    x = np.maximum(rng.normal(0, 1, size), 0).astype(np.float32)
    y = (x + rng.normal(0, 0.4, size)).astype(np.float32)
    ours, theirs = either(lambda: Sums.of(x, y))
    assert ours == theirs


@given(values)
def test_the_largest_is_the_same_as_without_compiled_loops(x):
    ours, theirs = either(lambda: largest(x))
    assert ours == theirs


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_the_largest_is_not_finite_if_any_value_is_not(wrong):
    x = np.ones(40, np.float32)
    x[33] = wrong
    assert not np.isfinite(either(lambda: largest(x))).any()


@pytest.mark.parametrize("pack", [False, True])
def test_zeros_left_out_and_zeros_behind_the_bins_are_the_same(pack):
    compiled.prepare(wait=True)
    loops = compiled.loops()
    function = loops.roots_of(engine := loops.compile_loops(pack))

    @given(values)
    def check(x):
        x = np.clip(x, -0.99, 0.99)
        low, high = (np.zeros(64 + compiled.SPARE, kind) for kind in (np.uint8, np.uint32))
        counter = loops.RootCounter(low, high, function)
        counter.reach(0)
        assert counter.count(x) == (x.size, largest(x))
        places = (np.sqrt(np.abs(x[x != 0])) * np.float32(64)).astype(int)
        counts = high + low
        assert np.array_equal(counts[:64], np.bincount(places, minlength=64))
        assert counts[64:].sum(dtype=np.uint32) == np.count_nonzero(x == 0)

    check()
    del engine


@pytest.mark.parametrize("pack", [False, True])
def test_counts_above_a_byte_carry(pack):
    compiled.prepare(wait=True)
    loops = compiled.loops()
    low, high = np.zeros(4 + compiled.SPARE, np.uint8), np.zeros(4 + compiled.SPARE, np.uint32)
    x = np.repeat(np.array([0.3, 0, 0.9], np.float32), [70_000, 5000, 257])
    engine = loops.compile_loops(pack)
    counter = loops.RootCounter(low, high, loops.roots_of(engine))
    counter.reach(0)
    counter.count(x)
    assert (high + low)[:4].tolist() == [0, 0, 70_000, 257]
    assert (high + low)[4:].sum() == 5000


@pytest.mark.parametrize("beyond", [1.0, -4.0, np.inf, np.nan])
@pytest.mark.parametrize("place", [0, 5000, 9999])
def test_counting_ends_before_a_block_that_goes_beyond_the_range(beyond, place):
    compiled.prepare(wait=True)
    loops = compiled.loops()
    low, high = (np.zeros(64 + compiled.SPARE, kind) for kind in (np.uint8, np.uint32))
    x = np.full(10_000, 0.25, np.float32)
    x[place] = beyond
    counter = loops.RootCounter(low, high)
    counter.reach(0)
    counted, most = counter.count(x)
    assert counted <= place < counted + 2048
    assert (high + low)[:64].sum() == (high + low)[32] == counted
    assert most == (0.25 if counted else 0.0)

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from workbench.calibration.tally import Tally
from workbench.numerics import histogram as module
from workbench.numerics.histogram import BINS

blobs = st.lists(
    arrays(np.float32, array_shapes(max_dims=3, max_side=6), elements=st.floats(width=32)),
    min_size=1,
    max_size=4,
)


def counted(images: list[np.ndarray]) -> Tally:
    tally = Tally()
    for image in images:
        tally = tally.measured(image)
    for image in images:
        tally = tally.counted(image)
    return tally


@given(blobs)
def test_every_value_is_counted_once_as_zero_as_nonzero_or_as_nonfinite(images):
    tally = counted(images)
    values = np.concatenate([image.ravel() for image in images])
    finite = values[np.isfinite(values)]
    assert tally.nonfinite == values.size - finite.size
    assert tally.zeros == np.count_nonzero(finite == 0)
    assert tally.counts.sum() == np.count_nonzero(finite)
    assert tally.absmax == np.abs(finite).max(initial=0)
    assert tally.blob_size == images[-1].size


@given(blobs)
def test_counting_follows_the_formula_value_by_value(images):
    tally = counted(images)
    expected = np.zeros(BINS, np.int64)
    limit = np.float32(tally.absmax)
    for value in np.concatenate([image.ravel() for image in images]):
        if np.isfinite(value) and value != 0:
            expected[min(int(np.abs(value) / limit * np.float32(BINS)), BINS - 1)] += 1
    assert np.array_equal(tally.counts, expected)


def test_sweeping_in_blocks_changes_nothing(monkeypatch):
    image = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    whole = counted([image]).counts
    monkeypatch.setattr(module, "BLOCK", 7)
    assert np.array_equal(counted([image]).counts, whole)


def test_a_tally_is_never_changed_in_place():
    first = Tally().measured(np.ones(3, np.float32))
    first.counted(np.ones(3, np.float32))
    assert first.counts.sum() == 0


@given(blobs)
def test_parts_add_up_to_the_whole(images):
    whole = counted(images)
    measured, total = Tally(), Tally()
    for image in images:
        measured += Tally().measured(image)
    for image in images:
        total += Tally(absmax=measured.absmax).counted(image)
    assert (measured.absmax, measured.nonfinite) == (whole.absmax, whole.nonfinite)
    assert measured.blob_size == whole.blob_size
    assert (total.absmax, total.zeros) == (whole.absmax, whole.zeros)
    assert np.array_equal(total.counts, whole.counts)

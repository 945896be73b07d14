from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.widgets.synthetic import synthetic_statistics
from workbench.numerics.histogram import Histogram
from workbench.session import Session
from workbench.session.channels import LiveChannels, count_channels, rows_of
from workbench.simulation.simulator import Simulator

SHAPES = st.one_of(
    st.tuples(*[st.integers(1, 6)] * n)
    for n in (1, 2, 3, 4)  # every shape that a blob can have
)


@pytest.fixture
def session(model, arrays):
    return Session(model, synthetic_statistics(model), probes=arrays[:3])


@given(SHAPES, st.integers(1, 3), st.integers(0, 9))
def test_all_channels_together_are_the_histogram(shape, images, seed):
    rng = np.random.default_rng(seed)
    arrays = [np.maximum(rng.normal(0, 1, shape), 0).astype(np.float32) for _ in range(images)]
    counts = count_channels(arrays)
    whole = Histogram.of(np.stack(arrays), bins=counts.counts.shape[1])
    assert counts.end == whole.absmax
    assert counts.counts.sum() == whole.counts.sum()
    assert np.abs(counts.counts.sum(axis=0) - whole.counts).sum() <= 2 * arrays[0].size  # borders
    assert counts.values * len(counts.absmax) == whole.total


@pytest.mark.parametrize(
    ("shape", "what", "channels", "values"),
    [
        ((7,), "element", 7, 2),
        ((5, 7), "column", 7, 10),
        ((3, 5, 7), "channel", 3, 70),
        ((3, 2, 5, 7), "channel", 3, 140),
        ((1, 5, 7), "channel", 1, 70),
    ],
)
def test_a_channel_is_an_axis_of_the_blob(shape, what, channels, values):
    counts = count_channels([np.ones(shape, np.float32)] * 2)
    assert (counts.what, len(counts.absmax), counts.values) == (what, channels, values)


def test_the_largest_value_of_each_channel_is_kept():
    blob = np.array([[[1, -4]], [[2, 0]]], np.float32)
    counts = count_channels([blob, 2 * blob])
    assert counts.absmax.tolist() == [8, 4]
    assert counts.end == 8
    assert counts.counts.sum(axis=1).tolist() == [4, 2]


def test_a_blob_of_zeros_has_no_counts():
    counts = count_channels([np.zeros((2, 3, 3), np.float32)])
    assert counts.end == 0
    assert not counts.counts.any()


def test_no_outlier_is_lost_among_many_channels():
    rng = np.random.default_rng(0)
    blob = rng.normal(0, 0.1, 1500).astype(np.float32)
    blob[777] = 9
    rows = rows_of(count_channels([blob]), by_size=False, most=100)
    (row,) = np.flatnonzero(rows.absmax == 9)
    assert 777 in rows.channels[row]
    assert rows.largest[row] == 777
    assert rows.counts[row, -1] == 1
    assert sum(map(len, rows.channels)) == 1500


def test_shares_above_are_of_all_values_of_a_row():
    blob = np.array([[[0, 1, 2, 4]]], np.float32)
    rows = rows_of(count_channels([blob], bins=4), by_size=False, most=100)
    assert rows.above.tolist() == [[0.75, 0.75, 0.5, 0.25, 0]]


def test_the_largest_channel_comes_first_if_wanted():
    blob = np.array([1, 5, 3], np.float32)
    counts = count_channels([blob])
    by_size, by_number = (rows_of(counts, order, 100) for order in (True, False))
    assert by_size.largest == (1, 2, 0)
    assert by_number.largest == (0, 1, 2)


def test_a_layers_input_is_counted_on_the_probes(session):
    channels = LiveChannels(session)
    assert channels.of("fc") is None
    channels.drain()
    runs = [Simulator(session.model, session.plan, "float").run(p) for p in session.probes]
    expected = np.abs([run["pool"].real for run in runs]).max(axis=0)
    assert np.allclose(channels.of("fc").absmax, expected.ravel(), rtol=1e-5)
    assert channels.of("fc").images == 3


def test_a_blob_that_two_layers_read_is_counted_once(session):
    channels = LiveChannels(session)
    channels.of("dw")
    channels.drain()
    assert channels.of("conv2") is channels.of("dw")


def test_a_failure_is_said_in_words(model):
    session = Session(model, synthetic_statistics(model), probes=[np.zeros((2, 2), np.float32)])
    channels = LiveChannels(session)
    channels.of("fc")
    channels.drain()
    assert isinstance(channels.of("fc"), str)

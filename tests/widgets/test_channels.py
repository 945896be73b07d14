from __future__ import annotations

import numpy as np
import pytest

from tests.widgets.synthetic import synthetic_statistics
from workbench.calibration.plan import BY_HAND
from workbench.session import Session
from workbench.session.channels import LiveChannels
from workbench.widgets import HistogramView
from workbench.widgets.channels import ChannelsView


@pytest.fixture
def session(model, arrays):
    return Session(model, synthetic_statistics(model), probes=arrays[:3])


@pytest.fixture
def view(session):
    view = ChannelsView(session)
    settle(view)
    return view


def settle(view):
    view.drain()
    view.channels.drain()
    view.drain()


def array(data):
    return np.frombuffer(data, "<f4")


def test_it_shows_the_channels_of_the_selected_layers_input(session, view):
    assert view.plot.labels == ["0", "1", "2"]
    assert view.plot.note == ""
    counts = view.channels.of("conv1")
    assert np.array_equal(array(view.plot.counts), counts.counts.ravel())
    session.select("fc")
    settle(view)
    assert len(view.plot.labels) == 8
    assert view.plot.key == "fc"
    assert "8 elements on the 3 probe images" in view.plot.subtitle


def test_rows_say_what_they_are(view):
    absmax = view.channels.of("conv1").absmax
    assert view.plot.says[1].startswith(f"Channel 1: largest {absmax[1]:.3f}")


def test_the_largest_channel_can_come_first(view):
    view.order.value = True
    settle(view)
    absmax = array(view.plot.absmax)
    assert np.all(np.diff(absmax) <= 0)
    assert view.plot.labels[0] == str(view.channels.of("conv1").absmax.argmax())


def test_it_says_that_the_network_runs(session, monkeypatch):
    monkeypatch.setattr(LiveChannels, "of", lambda self, layer: None)
    view = ChannelsView(session)
    assert view.plot.note == "Running the network on the 3 probe images …"
    assert view.plot.labels == []


def test_it_has_the_axis_of_the_histogram(session, view):
    histogram = HistogramView(session)
    assert view.plot.x_max == histogram.plot.x_max
    assert view.plot.step == histogram.plot.step


def test_it_drags_and_follows_as_the_other_pictures_do(session, view):
    hand = {"key": "conv1", "threshold": 0.2, "gesture": "drag", "seen": view.plot.moves}
    view.plot.set_state({"threshold": 0.2, "hand": hand})
    settle(view)
    assert (session.plan["conv1"].threshold, session.plan["conv1"].method) == (0.2, BY_HAND)
    view.plot.set_state({"threshold": 0.4})  # the hand is further, its message not yet here
    view.refresh()
    assert view.plot.threshold == 0.4
    session.undo()
    settle(view)
    assert view.plot.threshold == session.plan["conv1"].threshold


def test_counts_that_come_late_leave_line_and_zoom_alone(session):
    view = ChannelsView(session)
    hand = {"key": "conv1", "threshold": 0.3, "gesture": "drag", "seen": view.plot.moves}
    view.plot.set_state({"threshold": 0.3, "hand": hand})
    view.drain()
    view.plot.set_state({"threshold": 0.4, "zoom": 4.0})  # its message is not yet here
    settle(view)
    assert (view.plot.threshold, view.plot.zoom) == (0.4, 4.0)
    assert view.plot.labels


def test_without_probes_it_says_what_to_do(model):
    view = ChannelsView(Session(model, synthetic_statistics(model)))
    settle(view)
    assert "probes=images[:4]" in view.notice.value
    assert view.plot.note == "No probe images"
    assert view.plot.labels == []


def test_a_failure_is_said_on_the_page(model):
    probes = [np.zeros((2, 2), np.float32)]
    view = ChannelsView(Session(model, synthetic_statistics(model), probes=probes))
    settle(view)
    assert "wb-wrong" in view.notice.value
    assert "could not be counted" in view.plot.note


def test_an_input_that_is_zero_on_the_probes_says_so(model_with, arrays):
    model = model_with(lambda layer, name, a: -abs(a) if layer == "conv1" else a)
    probes = [np.ones_like(arrays[0])]  # so that conv1 gives what its ReLU takes away
    view = ChannelsView(Session(model, synthetic_statistics(model), probes=probes))
    view.session.select("dw")
    settle(view)
    assert "zero on the probe images" in view.plot.note
    assert view.notice.value == ""

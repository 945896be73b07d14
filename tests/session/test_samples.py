"""The sample networks are answered within a second, and survive being saved."""

from __future__ import annotations

import time

import pytest

from workbench.calibration.collect import collect
from workbench.samples import sample, samples
from workbench.session import Session


@pytest.fixture(params=sorted(samples()))
def session(request, tmp_path):
    one = sample(request.param)
    model, images = one.load(), one.images()
    stats = collect(model, images[:4], progress=False)
    return Session(model, stats, probes=images[:4], path=tmp_path / "sample.session")


def seconds_to_settle(session, layer):
    began = time.perf_counter()
    session.set_threshold(layer, session.plan[layer].threshold * 0.97)
    session.errors.drain()
    assert session.errors.report.settled
    return time.perf_counter() - began


@pytest.mark.parametrize("place", [0, -1])
def test_the_whole_network_settles_within_a_second(session, place):
    session.errors.drain()
    layer = session.layers[place]
    assert min(seconds_to_settle(session, layer) for _ in range(4)) < 1


def test_a_session_on_it_is_opened_as_it_was(session):
    session.set_method("mse")
    session.snapshot("mse")
    back = Session.open(session.path, session.model, session.probes)
    assert (back.plan, dict(back.snapshots)) == (session.plan, dict(session.snapshots))

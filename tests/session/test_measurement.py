from __future__ import annotations

import threading

import pytest

from tests.widgets.synthetic import synthetic_statistics
from workbench.calibration.labelled import Labelled
from workbench.errors import InputError
from workbench.session import Session
from workbench.session.measurement import Measurement
from workbench.simulation.accuracy import accuracy

LABELS = (0, 1, 2, 3, 4, 0)


@pytest.fixture
def session(model, arrays):
    return Session(model, synthetic_statistics(model))


@pytest.fixture
def labelled(arrays):
    return Labelled(arrays, LABELS)


def test_the_result_is_what_accuracy_says(session, labelled):
    measurement = Measurement(session)
    seen = []
    measurement.observe(lambda change: seen.append(change["new"]), "progress")
    measurement.start(lambda: labelled)
    measurement.drain()
    measured = measurement.progress.measured
    assert measured.plan is session.plan
    parts = (session.model, session.plan, labelled.inputs, LABELS)
    assert measured.accuracy == accuracy(*parts, progress=False)
    assert not measurement.progress.running
    assert [p.done for p in seen if p.images][-1] == 5
    assert all(p.seconds_left >= 0 for p in seen if p.done)


class Held(Labelled):
    """Inputs that wait at the third one until they are let go."""

    def __init__(self, arrays):
        self.reached, self.go, self.read = threading.Event(), threading.Event(), []
        owner = self

        class Inputs(list):
            def __getitem__(self, index):
                owner.read.append(index)
                if index == 2:
                    owner.reached.set()
                    assert owner.go.wait(10)
                return super().__getitem__(index)

        super().__init__(Inputs(arrays), LABELS)

    __setattr__ = object.__setattr__


def test_cancelling_takes_effect_within_one_image(session, arrays):
    measurement, held = Measurement(session), Held(arrays)
    measurement.start(lambda: held)
    assert held.reached.wait(30)
    measurement.cancel()
    held.go.set()
    measurement.drain()
    assert max(held.read) == 2
    progress = measurement.progress
    assert (progress.cancelled, progress.running, progress.done) == (True, False, 2)
    assert progress.measured is None


def test_a_cancelled_one_keeps_the_last_result(session, labelled, arrays):
    measurement, held = Measurement(session), Held(arrays)
    measurement.start(lambda: labelled)
    measurement.drain()
    before = measurement.progress.measured
    measurement.start(lambda: held)
    assert held.reached.wait(30)
    measurement.cancel()
    held.go.set()
    measurement.drain()
    assert measurement.progress.measured is before


def test_a_failure_is_told(session):
    def nothing():
        raise InputError("there is no such file or folder", where="x")

    measurement = Measurement(session)
    measurement.start(nothing)
    measurement.drain()
    assert measurement.progress.problem == "x: there is no such file or folder"
    assert not measurement.progress.running


def test_the_order_of_subfolders_counts_only_if_there_is_one_for_each_class(session, arrays):
    measurement = Measurement(session)
    measurement.start(lambda: Labelled(arrays, (0, 1) * 3, order=("cat", "dog")))
    measurement.drain()
    assert "2 subfolders and 5 classes" in measurement.progress.problem
    measurement.start(lambda: Labelled(arrays, (0, 1) * 3, order=tuple("abcde")))
    measurement.drain()
    assert measurement.progress.measured.order == tuple("abcde")

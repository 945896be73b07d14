from __future__ import annotations

import numpy as np
import pytest

from tests.widgets.synthetic import synthetic_statistics
from workbench.calibration.collect import collect
from workbench.graph import Graph
from workbench.model import Model
from workbench.session import Session
from workbench.session.outputs import Answer, LiveOutputs, Pair
from workbench.simulation.simulator import Simulator


@pytest.fixture
def session(model, arrays):
    return Session(model, synthetic_statistics(model), probes=arrays[:3])


@pytest.fixture
def outputs(session):
    outputs = LiveOutputs(session)
    outputs.ask()
    outputs.drain()
    return outputs


def is_what_the_simulator_says(report, session):
    float_network = Simulator(session.model, session.plan, "float")
    int8_network = Simulator(session.model, session.plan)
    for probe, answer in zip(session.probes, report.answers, strict=True):
        (pair,) = answer.pairs
        assert np.array_equal(pair.expected, float_network.run(probe)["prob"].real)
        assert np.array_equal(pair.got, int8_network.run(probe)["prob"].real)


def pair(expected, got):
    return Pair("out", np.array(expected, np.float32), np.array(got, np.float32))


def test_nothing_is_computed_before_it_is_asked_for(session):
    outputs = LiveOutputs(session)
    session.set_threshold("fc", 1.0)
    outputs.drain()
    assert outputs.report.answers == (None, None, None)
    assert not outputs.report.settled


def test_answers_are_what_the_simulator_says(session, outputs):
    assert outputs.report.settled
    assert outputs.report.plan is session.plan
    is_what_the_simulator_says(outputs.report, session)


def test_another_plan_is_answered_when_it_is_asked_for(session, outputs):
    session.set_threshold("fc", 0.5)
    outputs.drain()
    assert outputs.report.plan is not session.plan
    outputs.ask()
    outputs.drain()
    assert outputs.report.plan is session.plan
    is_what_the_simulator_says(outputs.report, session)


def test_old_answers_stay_and_are_said_to_be_old(session, outputs):
    seen = []
    outputs.observe(lambda change: seen.append(change["new"]), "report")
    session.set_threshold("fc", 0.5)
    outputs.ask()
    outputs.drain()
    assert [answer.fresh for answer in seen[0].answers] == [False, False, False]
    assert [report.settled for report in seen] == [False, False, False, True]


def test_an_overtaken_plan_is_dropped_and_each_probe_has_its_turn(session, outputs, monkeypatch):
    monkeypatch.setattr("workbench.session.outputs.PATIENCE_S", 0.0)
    done = []

    def overtake(change):
        fresh = [bool(a and a.fresh) for a in change["new"].answers]
        if any(fresh) and len(done) < 2:  # twice, after the first probe that is answered
            done.append(fresh.index(True))
            session.set_threshold("fc", 0.5 + len(done))
            outputs.ask()

    outputs.observe(overtake, "report")
    session.set_threshold("fc", 0.5)
    outputs.ask()
    outputs.drain()
    assert done == [0, 1]
    assert outputs.report.settled
    assert outputs.report.plan is session.plan
    is_what_the_simulator_says(outputs.report, session)


def test_a_failure_is_told(model):
    session = Session(model, synthetic_statistics(model), probes=[np.zeros((2, 2), np.float32)])
    outputs = LiveOutputs(session)
    outputs.ask()
    outputs.drain()
    assert outputs.report.problem
    assert not outputs.report.settled


def test_without_probes_there_is_nothing_to_wait_for(model):
    outputs = LiveOutputs(Session(model, synthetic_statistics(model)))
    outputs.ask()
    outputs.drain()
    assert outputs.report.settled
    assert outputs.report.answers == ()


def test_a_lone_vector_is_a_classifiers(outputs):
    answer = outputs.report.answers[0]
    assert answer.classes is answer.pairs[0]
    assert answer.classes.are_shares
    assert answer.agrees == (answer.classes.expected.argmax() == answer.classes.got.argmax())


def test_maps_and_several_outputs_are_no_classifiers():
    vector, image = pair([1, 2], [2, 1]), pair([[1, 2], [3, 4]], [[1, 2], [3, 4]])
    assert Answer((vector,), True).agrees is False
    for pairs in ((image,), (vector, vector)):
        assert Answer(pairs, True).classes is None
        assert Answer(pairs, True).agrees is None


def test_scores_in_channels_of_one_pixel_are_a_vector():
    assert pair([[[1]], [[2]]], [[[1]], [[2]]]).is_vector


def test_the_first_classes_of_both_are_listed_in_the_order_of_float():
    one = pair([0.5, 0.3, 0.1, 0.1], [0.1, 0.1, 0.2, 0.6])
    assert one.top(1) == (0, 3)
    assert one.top(2) == (0, 1, 3, 2)


def test_outputs_of_different_shapes_have_no_figures():
    one = pair([[1, 2]], [[1, 2], [3, 4]])
    assert not one.same_shape
    assert np.isnan([one.cosine, one.sqnr_db]).all()


def test_every_output_has_its_pair(model, arrays):
    layers = model.graph.layers[:5]
    weights = {name: model.weights[name] for name in ("conv1", "dw", "conv2")}
    cut = Model(Graph(layers), weights)
    session = Session(cut, collect(cut, arrays, progress=False), probes=arrays[:1])
    outputs = LiveOutputs(session)
    outputs.ask()
    outputs.drain()
    (answer,) = outputs.report.answers
    assert [pair.blob for pair in answer.pairs] == ["dw", "conv2"]
    assert all(20 < pair.sqnr_db < 60 for pair in answer.pairs)

from __future__ import annotations

import itertools
import math
import threading

import numpy as np
import pytest

from tests.widgets.synthetic import synthetic_statistics
from workbench.session import LiveErrors, Session, live
from workbench.session.mailbox import Mailbox
from workbench.simulation.compare import compare
from workbench.simulation.simulator import Simulator, simulate
from workbench.simulation.steps import InInt8, InNcnn


@pytest.fixture
def session(model, arrays):
    return Session(model, synthetic_statistics(model), probes=arrays[:4])


@pytest.fixture
def errors(session):
    errors = session.errors
    errors.drain()
    return errors


def is_what_compare_says(report, session):
    rows = compare(session.model, session.plan, session.probes, progress=False)
    assert {name: f.metrics for name, f in report.accumulated.items()} == {
        row.layer: row.accumulated for row in rows
    }
    assert {name: f.metrics for name, f in report.own.items()} == {
        name: rows[name].alone for name in session.layers
    }
    assert {name: split.causes for name, split in report.causes.items()} == {
        name: rows[name].causes for name in session.layers
    }
    for probe, answer in zip(session.probes, report.answers.values(), strict=True):
        (pair,) = answer.pairs
        expected = simulate(session.model, session.plan, probe, "float")["prob"].real
        got = simulate(session.model, session.plan, probe)["prob"].real
        assert np.array_equal(pair.expected, expected)
        assert np.array_equal(pair.got, got)


def held(errors):
    """Keep the worker from its next work until the event is set."""
    go, waits = threading.Event(), threading.Event()

    def wait():
        waits.set()
        go.wait(10)

    errors._work.post("held", wait)
    waits.wait(10)
    return go


def hurry(monkeypatch):
    """Let no work be finished when newer waits."""
    monkeypatch.setattr(live, "SILENCE_S", math.inf)


def test_a_settled_report_is_what_compare_says(session, errors):
    assert errors.report.settled
    is_what_compare_says(errors.report, session)


@pytest.mark.parametrize(
    "command",
    [
        lambda session: session.set_threshold("conv1", 0.2),
        lambda session: session.set_threshold("dw", 0.5),
        lambda session: session.set_threshold("fc", 1.0),
        lambda session: session.set_method("minmax"),
        lambda session: session.keep_float("conv2"),
        lambda session: session.set_bits("fc", 6),
    ],
)
def test_after_each_command_it_settles_on_what_compare_says(session, errors, command):
    command(session)
    errors.drain()
    assert errors.report.plan is session.plan
    assert errors.report.settled
    is_what_compare_says(errors.report, session)
    session.undo()
    errors.drain()
    is_what_compare_says(errors.report, session)


def test_what_is_being_refined_keeps_its_last_value_and_says_so(session, errors):
    before, go = errors.report, held(errors)
    session.set_threshold("fc", 1.0)
    errors._publisher.drain()
    report = errors.report
    assert not any(answer.fresh for answer in report.answers.values())
    assert report.answers[0].pairs is before.answers[0].pairs
    stale = {name for name, figure in report.accumulated.items() if not figure.fresh}
    assert stale == {"fc", "prob"}
    assert {name for name, figure in report.own.items() if not figure.fresh} == {"fc"}
    assert report.accumulated["fc"].metrics == before.accumulated["fc"].metrics
    assert not report.settled
    go.set()
    errors.drain()
    assert errors.report.settled
    assert errors.report.output["prob"].metrics != before.output["prob"].metrics


def test_the_reading_is_there_before_anything_is_computed(session, errors):
    go = held(errors)
    session.select("fc")
    session.set_threshold("fc", 1.0)
    errors._publisher.drain()
    assert errors.report.layer == "fc"
    assert errors.report.reading == session.reading("fc", 1.0)
    go.set()
    errors.drain()


def test_values_that_are_dragged_past_are_dropped(session, errors, monkeypatch):
    plans = []
    own = errors._probes.own
    monkeypatch.setattr(errors._probes, "own", lambda plan, n: plans.append(plan) or own(plan, n))
    go = held(errors)
    for step in range(1, 60):
        session.set_threshold("fc", step / 10, gesture="drag")
    go.set()
    errors.drain()
    assert set(map(id, plans)) == {id(session.plan)}
    assert errors.report.settled


def test_each_plan_is_simulated_once(session, errors, monkeypatch):
    computed, run = [], InInt8.run
    monkeypatch.setattr(InInt8, "run", lambda step, b: computed.append(step) or run(step, b))
    monkeypatch.setattr(Simulator, "alone", lambda *_: pytest.fail("its own error is not asked"))
    monkeypatch.setattr(errors._probes, "own", lambda *_: None)
    monkeypatch.setattr(errors._probes, "causes", lambda *_: None)
    session.set_threshold("fc", 1.0)
    errors.drain()
    assert len(computed) == len(session.probes)


def test_in_a_drag_each_probe_has_its_turn(session, errors, monkeypatch):
    hurry(monkeypatch)
    answered, tell = [], errors._tell

    def told(asked, **figures):
        tell(asked, **figures)
        for number in figures.get("answers", ()):
            answered.append(number)
            if len(answered) < 3:
                session.set_threshold("fc", 1.0 + len(answered))

    monkeypatch.setattr(errors, "_tell", told)
    session.set_threshold("fc", 1.0)
    errors.drain()
    assert answered[:3] == [0, 1, 2]
    assert errors.report.settled
    is_what_compare_says(errors.report, session)


def test_work_under_way_gives_up_for_a_newer_plan(session, errors, monkeypatch):
    hurry(monkeypatch)
    simulated = []
    run, change = session.set_threshold, [2.0, 3.0]

    def each():
        for image in images():
            if change:
                run("conv1", change.pop())
            simulated.append(session.plan)
            yield image

    images = errors._probes._each
    monkeypatch.setattr(errors._probes, "_each", each)
    run("conv1", 1.0)
    errors.drain()
    assert errors.report.plan is session.plan
    assert errors.report.settled
    assert session.plan["conv1"].threshold == 2.0
    assert len(simulated) < 20  # of 24 that would be computed for three plans
    is_what_compare_says(errors.report, session)


def test_in_a_drag_the_figures_follow_and_are_said_to_be_refined(session, errors, monkeypatch):
    told, before = [], errors.report.own["conv1"].metrics
    tell = errors._tell

    def drag_on(asked, **figures):
        if not told:
            session.set_threshold("conv1", 2.0)
        tell(asked, **figures)
        told.append(errors._latest.own["conv1"])

    monkeypatch.setattr(errors, "_tell", drag_on)
    session.set_threshold("conv1", 1.0)
    errors.drain()
    assert not told[0].fresh
    assert told[0].metrics not in (before, errors.report.own["conv1"].metrics)
    assert errors.report.settled


def test_a_figure_comes_even_if_the_hand_never_rests(session, errors, monkeypatch):
    monkeypatch.setattr(live, "SILENCE_S", 0.1)
    told, images, number = [], errors._probes._each, itertools.count(1)

    def each():
        for image in images():
            if not told:
                session.set_threshold("conv1", float(next(number)))
            yield image

    monkeypatch.setattr(errors._probes, "_each", each)
    tell = errors._tell
    monkeypatch.setattr(errors, "_tell", lambda *a, **f: (told.append(f), tell(*a, **f)))
    session.set_threshold("conv1", 0.5)
    errors.drain()
    assert list(told[0]["own"]) == ["conv1"]
    is_what_compare_says(errors.report, session)


def test_the_selected_layer_comes_first_and_then_the_whole_network(session, errors):
    seen = []
    tell = errors._tell

    def told(asked, **figures):
        seen.extend((kind, *names) for kind, names in figures.items() if kind == "own")
        seen.extend((kind,) for kind in figures if kind != "own")
        tell(asked, **figures)

    errors._tell = told
    session.select("conv2")
    session.set_method("minmax")
    errors.drain()
    first, *answers, whole = seen[:6]
    others = seen[6:]
    assert (first, *answers, whole) == (("own", "conv2"), *[("answers",)] * 4, ("accumulated",))
    assert {name for _, name in (first, *others[:3])} == set(session.layers)
    assert set(others[3:]) == {("causes",)}


def test_the_float_network_runs_once(session, errors, monkeypatch):
    references = [image.reference for image in errors._probes._images.values()]
    session.set_method("minmax")
    errors.drain()
    assert [image.reference for image in errors._probes._images.values()] == references


def test_observers_are_told_the_newest_last(session, errors):
    seen = []
    errors.observe(lambda change: seen.append(change["new"]), "report")
    for threshold in (1.0, 2.0, 3.0):
        session.set_threshold("fc", threshold)
    errors.drain()
    assert seen[-1] is errors.report
    assert seen[-1].settled
    assert seen[-1].plan is session.plan


def test_an_observer_may_give_commands(session, errors):
    def answer(change):
        if change["new"].settled and session.plan["fc"].threshold != 1.0:
            session.set_threshold("fc", 1.0)

    errors.observe(answer, "report")
    session.set_threshold("fc", 2.0)
    errors.drain()
    errors.drain()
    assert session.plan["fc"].threshold == 1.0
    assert errors.report.settled


def test_a_probe_that_cannot_be_used_is_said_on_the_report(model, arrays):
    probes = [arrays[0], np.zeros((2, 8, 8), np.float32)]
    errors = Session(model, synthetic_statistics(model), probes=probes).errors
    errors.drain()
    assert errors.report.problem
    assert not errors.report.settled


def test_a_mistake_of_the_program_is_said_on_the_report_too(session, errors, monkeypatch, caplog):
    def fail(*_):
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr(errors._probes, "accumulated", fail)
    session.set_threshold("fc", 1.0)
    errors.drain()
    assert errors.report.problem == "ZeroDivisionError: by accident"
    assert "probes failed" in caplog.text
    monkeypatch.undo()
    session.set_threshold("fc", 2.0)
    errors.drain()
    assert errors.report.problem == ""
    assert errors.report.settled


def test_without_probes_there_is_the_reading_and_nothing_to_wait_for(model):
    session = Session(model, synthetic_statistics(model))
    session.errors.drain()
    session.set_threshold("conv1", 0.1)
    session.errors.drain()
    report = session.errors.report
    assert report.settled
    assert report.images == 0
    assert report.reading == session.reading("conv1")
    assert {figure.metrics for figure in report.accumulated.values()} == {None}


def test_a_layer_in_float_has_no_error_of_its_own(session, errors):
    session.keep_float("fc")
    errors.drain()
    assert errors.report.own["fc"].metrics is None
    assert errors.report.own["fc"].fresh


@pytest.mark.parametrize("scheme", ["dequantize", "integer"])
def test_another_scheme_can_be_followed(session, scheme):
    errors = LiveErrors(session, scheme)
    session.set_threshold("dw", 1.0)
    errors.drain()
    rows = compare(session.model, session.plan, session.probes, scheme, progress=False)
    for row in rows:
        assert errors.report.accumulated[row.layer].metrics == row.accumulated
    errors.close()
    errors.close()
    session.set_threshold("dw", 2.0)
    assert errors.report.plan is not session.plan


def test_a_session_has_one_of_them(session):
    assert session.errors is session.errors
    assert isinstance(session.errors._work, Mailbox)


def same(figures, others):
    """Whether the figures are the same, fresh or not."""
    return [figure.metrics for figure in figures.values()] == [f.metrics for f in others.values()]


def test_before_the_first_change_there_is_no_state_before(session, errors):
    session.select("fc")
    errors.drain()
    assert errors.report.before is None


def test_a_whole_drag_is_looked_at_against_the_state_before_it(session, errors):
    start = errors.report
    for threshold in (1.0, 1.1, 1.2):
        session.set_threshold("fc", threshold, gesture="drag")
        errors.drain()
    before = errors.report.before
    assert before.plan is start.plan
    assert (before.own, before.accumulated, before.causes) == (
        start.own, start.accumulated, start.causes,
    )  # fmt: skip
    assert errors.report.own["fc"].metrics != before.own["fc"].metrics


def test_the_next_drag_is_looked_at_against_the_end_of_the_last(session, errors):
    for gesture, threshold in (("one", 1.0), ("one", 2.0), ("two", 3.0)):
        last = errors.report
        session.set_threshold("fc", threshold, gesture=gesture)
        errors.drain()
    assert errors.report.before.plan is last.plan
    assert same(errors.report.before.own, last.own)


@pytest.mark.parametrize("command", ["undo", "redo"])
def test_a_step_back_or_forth_is_a_gesture_of_its_own(session, errors, command):
    session.set_threshold("fc", 1.0, gesture="drag")
    if command == "redo":
        session.undo()
    errors.drain()
    last = errors.report
    getattr(session, command)()
    errors.drain()
    assert errors.report.before.plan is last.plan
    assert same(errors.report.before.accumulated, last.accumulated)


def test_another_layer_to_look_at_keeps_the_state_before(session, errors):
    session.set_threshold("fc", 1.0)
    errors.drain()
    before = errors.report.before
    session.select("dw")
    errors.drain()
    assert errors.report.before is before


def test_what_was_not_refined_before_a_gesture_says_so(session, errors):
    start, go = errors.report, held(errors)
    session.set_threshold("fc", 1.0, gesture="one")
    session.set_threshold("fc", 2.0, gesture="two")
    go.set()
    errors.drain()
    before = errors.report.before
    assert before.plan["fc"].threshold == 1.0
    assert not before.own["fc"].fresh
    assert before.own["fc"].metrics == start.own["fc"].metrics


def test_causes_come_last_and_of_the_selected_layer_first(session, errors, monkeypatch):
    seen, tell = [], errors._tell

    def told(asked, **figures):
        seen.extend((kind, *names) for kind, names in figures.items())
        tell(asked, **figures)

    monkeypatch.setattr(errors, "_tell", told)
    session.select("conv2")
    session.set_method("minmax")
    errors.drain()
    told = len(session.layers) + len(session.probes) + 1
    assert [kind for kind, *_ in seen].index("causes") == told
    assert next(names for kind, *names in seen if kind == "causes") == ["conv2"]


def test_only_the_causes_that_a_change_reaches_are_split_anew(session, errors, monkeypatch):
    asked, causes = [], errors._probes.causes
    monkeypatch.setattr(errors._probes, "causes", lambda p, n: asked.append(n) or causes(p, n))
    session.set_threshold("dw", 0.5)
    errors.drain()
    assert set(asked) == {"conv1", "dw", "conv2"}  # conv1 hands int8 on to both, which are tied


def test_a_run_under_way_is_given_up_between_its_layers(session, errors, monkeypatch):
    hurry(monkeypatch)
    seen, run = [], InNcnn.run

    def slow(step, blobs):
        if errors._probes._simulator.plan["conv1"].threshold == 1.0:
            seen.append(step._layer.name)
            session.set_threshold("conv1", 2.0)
        return run(step, blobs)

    monkeypatch.setattr(InNcnn, "run", slow)
    session.select("fc")
    session.set_threshold("conv1", 1.0)
    errors.drain()
    assert seen == ["concat"]
    is_what_compare_says(errors.report, session)

from __future__ import annotations

import threading

import pytest

from tests.widgets.synthetic import LAYERS, synthetic_statistics
from workbench.calibration.plan import BY_HAND, Plan, calibrate, with_weight_bits
from workbench.calibration.statistics import Statistics
from workbench.errors import CalibrationError
from workbench.export.table import load_table
from workbench.graph import Graph
from workbench.model import Model
from workbench.numerics.noise import error_split, sqnr_db
from workbench.numerics.thresholds import METHODS
from workbench.session import Session


@pytest.fixture
def stats(model):
    return synthetic_statistics(model)


def test_it_starts_with_kl_and_the_first_layer(model, stats, session):
    assert session.plan == calibrate(model, stats, "kl")
    assert session.selected == "conv1"
    assert session.layers == LAYERS


def test_it_starts_from_a_given_plan(model, stats):
    plan = calibrate(model, stats, "minmax")
    assert Session(model, stats, plan).plan is plan


def test_a_threshold_by_hand_changes_one_layer_only(session):
    before = session.plan
    session.set_threshold("fc", 2.5)
    assert (session.plan["fc"].threshold, session.plan["fc"].method) == (2.5, BY_HAND)
    assert session.plan.layers[:-1] == before.layers[:-1]


@pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_threshold_is_refused_and_nothing_changes(session, threshold):
    before = session.plan
    with pytest.raises(CalibrationError, match="layer dw"):
        session.set_threshold("dw", threshold)
    assert session.plan is before
    assert not session.can_undo


@pytest.mark.parametrize(
    "command",
    [
        lambda session: session.select("nowhere"),
        lambda session: session.set_threshold("nowhere", 1.0),
        lambda session: session.set_method("kl", ["nowhere"]),
        lambda session: session.keep_float("nowhere"),
        lambda session: session.set_bits("nowhere", 6),
        lambda session: session.tie("nowhere"),
        lambda session: session.untie("nowhere"),
        lambda session: session.tied("nowhere"),
        lambda session: session.histogram("nowhere"),
        lambda session: session.search("nowhere", "kl"),
        lambda session: session.reading("nowhere"),
    ],
)
def test_a_layer_that_is_not_there_is_named(session, command):
    with pytest.raises(CalibrationError, match="nowhere"):
        command(session)


def test_an_unknown_method_is_named(session):
    with pytest.raises(CalibrationError, match="'magic'"):
        session.set_method("magic")


@pytest.mark.parametrize("method", METHODS)
def test_a_method_for_all_layers_gives_the_plan_that_calibrate_gives(model, stats, session, method):
    session.set_method("aciq")  # which also changes the scales of the weights
    session.set_method(method)
    assert session.plan == calibrate(model, stats, method)


def test_a_method_for_some_layers_leaves_the_others(model, stats, session):
    before = session.plan
    session.set_method("mse", ["fc"])
    assert session.plan["fc"] == calibrate(model, stats, "mse")["fc"]
    assert session.plan.layers[:-1] == before.layers[:-1]


def test_a_method_keeps_bits_and_float_layers(model, stats):
    session = Session(model, stats, calibrate(model, stats, weight_bits="proven"))
    session.keep_float("conv1")
    session.set_method("minmax")
    assert session.plan["conv1"].keep_float
    assert session.plan["conv1"].bits == 8


def test_bits_bring_their_own_weight_scales(model, session):
    session.set_bits("fc", 6)
    assert session.plan == with_weight_bits(model, calibrate(model, session.stats), "fc", 6)
    assert session.plan["fc"].bits == 6
    session.set_bits("fc", 8)
    assert session.plan == calibrate(model, session.stats)


def test_bits_that_are_there_are_no_step(session):
    session.set_bits("fc", session.plan["fc"].bits)
    assert not session.can_undo


def test_impossible_bits_are_refused(session):
    with pytest.raises(CalibrationError, match="7"):
        session.set_bits("fc", 7)


def test_layers_that_read_one_blob_move_together(model, session):
    session.set_threshold("conv2", 2.5)
    assert [session.plan[name].threshold for name in ("dw", "conv2")] == [2.5, 2.5]
    session.set_method("aciq", ["dw"])
    aciq = calibrate(model, session.stats, "aciq")
    assert [session.plan[name] for name in ("dw", "conv2")] == [aciq["dw"], aciq["conv2"]]
    assert session.tied("dw") == session.tied("conv2") == ("dw", "conv2")
    assert session.tied("fc") == ("fc",)


def test_an_untied_layer_moves_alone(session):
    before = session.plan["conv2"]
    session.untie("dw")
    session.set_threshold("dw", 2.5)
    assert session.plan["conv2"] == before
    assert session.tied("dw") == ("dw",)
    session.set_method("mse", ["conv2"])
    assert session.plan["dw"].threshold == 2.5


def test_a_layer_that_is_tied_again_takes_the_threshold_of_the_others(model, session):
    session.untie("dw")
    session.set_threshold("dw", 2.5)
    session.tie("dw")
    assert session.plan == calibrate(model, session.stats)
    session.untie("dw")
    session.set_threshold("conv2", 3.5)
    session.tie("dw")
    assert (session.plan["dw"].threshold, session.plan["dw"].method) == (3.5, BY_HAND)
    assert session.untied == frozenset()


@pytest.mark.parametrize("untied", [["dw"], ["conv2"], ["dw", "conv2"]])
def test_of_two_layers_apart_either_can_be_tied_to_the_other(session, untied):
    for layer in untied:
        session.untie(layer)
    session.set_threshold("dw", 2.5)
    session.set_threshold("conv2", 3.5)
    session.tie("dw")
    assert session.tied("dw") == session.tied("conv2") == ("dw", "conv2")
    assert [session.plan[name].threshold for name in ("dw", "conv2")] == [3.5, 3.5]


def test_to_tie_what_is_tied_is_no_step(session):
    session.tie("dw")
    assert not session.can_undo


def test_a_tie_can_be_undone(session):
    session.untie("dw")
    assert session.untied == {"dw"}
    session.undo()
    assert session.untied == frozenset()
    session.redo()
    assert session.untied == {"dw"}


@pytest.mark.parametrize("command", ["tie", "untie"])
def test_a_layer_without_siblings_has_nothing_to_be_tied_to(session, command):
    with pytest.raises(CalibrationError, match="layer fc: no other layer reads its input pool"):
        getattr(session, command)("fc")


def test_siblings_with_thresholds_of_their_own_start_untied(model, stats):
    plan = calibrate(model, stats).changed("dw", threshold=1.0)
    assert Session(model, stats, plan).untied == {"dw", "conv2"}


def test_the_log_says_what_each_step_did(session):
    session.set_threshold("dw", 2.5)
    session.set_method("mse")
    session.set_method("kl", ["fc"])
    session.set_bits("fc", 6)
    session.keep_float("fc")
    session.keep_float("fc", False)
    session.untie("dw")
    session.tie("dw")
    assert session.log == (
        "dw, conv2: threshold 2.5 by hand",
        "all layers: method mse",
        "fc: method kl",
        "fc: weights of 6 bits",
        "fc: kept in float",
        "fc: in int8 again",
        "dw: untied from conv2",
        "dw: tied to conv2",
    )
    session.undo()
    assert session.log[-1] == "dw: untied from conv2"
    assert [step.words for step in session.steps][-1] == "dw: tied to conv2"


def test_undo_and_redo_walk_through_the_same_plans(session):
    plans = [session.plan]
    for command in (
        lambda: session.set_threshold("dw", 2.5),
        lambda: session.set_method("mse"),
        lambda: session.keep_float("fc"),
    ):
        command()
        plans.append(session.plan)
    for plan in reversed(plans[:-1]):
        session.undo()
        assert session.plan is plan
    assert (session.can_undo, session.can_redo) == (False, True)
    for plan in plans[1:]:
        session.redo()
        assert session.plan is plan
    assert (session.can_undo, session.can_redo) == (True, False)


def test_undo_and_redo_at_the_ends_do_nothing(session):
    before = session.plan
    session.undo()
    session.redo()
    assert session.plan is before


def test_a_new_change_forgets_what_was_undone(session):
    session.set_threshold("dw", 2.5)
    session.undo()
    session.set_threshold("dw", 3.0)
    assert not session.can_redo


def test_a_change_that_changes_nothing_is_no_step(session):
    session.set_method("kl")
    session.keep_float("dw", False)
    assert not session.can_undo


def test_a_gesture_is_one_step_and_the_next_gesture_another(session):
    before = session.plan
    for threshold in (1.0, 2.0, 3.0):
        session.set_threshold("dw", threshold, gesture="drag")
    between = session.plan
    session.set_threshold("dw", 4.0, gesture="another")
    session.undo()
    assert session.plan is between
    session.undo()
    assert session.plan is before


def test_observers_find_undo_ready_when_the_plan_changes(session):
    seen = []
    session.observe(lambda _: seen.append(session.can_undo), "plan")
    session.set_threshold("dw", 2.5)
    assert seen == [True]


def test_commands_from_many_threads_are_done_one_by_one(session):

    def drag(layer):
        for step in range(1, 40):
            session.set_threshold(layer, step / 10)

    session.untie("dw")
    before = session.plan
    threads = [threading.Thread(target=drag, args=(layer,)) for layer in LAYERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [decision.threshold for decision in session.plan] == [3.9] * 4
    for _ in range(39 * 4):
        session.undo()
    assert session.plan == before
    assert session.log == ("dw: untied from conv2",)


def test_a_search_is_computed_once_for_layers_that_share_a_blob(session):
    assert session.search("dw", "kl") is session.search("conv2", "kl")
    assert list(session.searches("dw")) == list(METHODS)


def test_a_reading_is_what_the_histogram_says(session):
    histogram = session.histogram("dw")
    reading = session.reading("dw", 2.0)
    assert (reading.clipping, reading.rounding) == error_split(histogram, 2.0)
    assert reading.sqnr_db == sqnr_db(histogram, 2.0)
    assert reading.clipped_share == histogram.clipped_share(2.0)
    assert (reading.threshold, reading.scale) == (2.0, 63.5)


def test_a_reading_is_by_default_of_the_plan(session):
    session.set_threshold("dw", 2.0)
    assert session.reading("dw") == session.reading("dw", 2.0)


def test_the_table_holds_the_plan_without_float_layers(model, session, tmp_path):
    session.keep_float("dw")
    session.save_table(tmp_path / "m.table")
    plan = load_table(tmp_path / "m.table", model)
    assert [decision.layer for decision in plan if decision.keep_float] == ["dw"]
    for layer in ("conv1", "conv2", "fc"):
        assert plan[layer].scale == pytest.approx(session.plan[layer].scale, rel=1e-5)


def test_statistics_and_plans_of_another_network_are_refused(model, model_with, stats):
    other = model_with(lambda layer, name, array: array * 2)
    with pytest.raises(CalibrationError, match="statistics"):
        Session(other, stats)
    plan = calibrate(other, synthetic_statistics(other))
    with pytest.raises(CalibrationError, match="the plan"):
        Session(model, stats, plan)


def test_a_network_without_quantizable_layers_is_refused():
    model = Model(Graph(()), {})
    stats = Statistics({}, {}, {}, 1, model.sha256)
    with pytest.raises(CalibrationError, match="no layer"):
        Session(model, stats, Plan((), model.sha256))


def test_several_layers_kept_in_float_are_one_step(session):
    session.keep_float(["conv1", "fc"])
    assert [d.layer for d in session.plan if d.keep_float] == ["conv1", "fc"]
    assert session.log == ("conv1, fc: kept in float",)
    session.undo()
    assert not any(decision.keep_float for decision in session.plan)

from __future__ import annotations

import pytest

from workbench.calibration.plan import BY_HAND, calibrate
from workbench.numerics.thresholds import METHODS
from workbench.widgets import History, LayerChooser, MethodTable, ThresholdControl
from workbench.widgets.look import digits


def test_the_list_chooses_a_layer(session):
    view = LayerChooser(session)
    view.layer.value = "fc"
    view.drain()
    assert session.selected == "fc"


def test_the_list_follows_the_session(session):
    view = LayerChooser(session)
    session.select("dw")
    view.drain()
    assert view.layer.value == "dw"


def test_buttons_walk_through_the_layers_and_stop_at_the_ends(session):
    view = LayerChooser(session)
    assert view.previous.disabled
    for _ in range(5):
        view.next.click()
    view.drain()
    assert session.selected == "fc"
    assert view.next.disabled
    view.previous.click()
    view.drain()
    assert session.selected == "conv2"


def test_undo_and_redo_are_enabled_where_they_do_something(session):
    view = History(session)
    assert (view.undo.disabled, view.redo.disabled) == (True, True)
    session.set_threshold("dw", 2.0)
    view.drain()
    assert (view.undo.disabled, view.redo.disabled) == (False, True)
    view.undo.click()
    view.drain()
    assert not session.can_undo
    assert (view.undo.disabled, view.redo.disabled) == (True, False)
    view.redo.click()
    view.drain()
    assert session.plan["dw"].threshold == 2.0


@pytest.mark.parametrize("text", ["0.25", " 0.25 ", "0,25", "2.5e-1"])
def test_a_typed_number_becomes_the_threshold(session, text):
    view = ThresholdControl(session)
    view.number.value = text
    view.drain()
    assert (session.plan["conv1"].threshold, session.plan["conv1"].method) == (0.25, BY_HAND)
    assert view.number.value == "0.25"


@pytest.mark.parametrize(
    ("text", "said"), [("abc", "not a number"), ("-1", "not possible"), ("nan", "not possible")]
)
def test_a_typed_number_that_makes_no_sense_is_refused_in_words(session, text, said):
    view = ThresholdControl(session)
    before, shown = session.plan, view.number.value
    view.number.value = text
    view.drain()
    assert said in view.notice.value
    assert session.plan is before
    assert view.number.value == shown


def test_the_number_shown_does_not_come_back_rounded(session):
    view = ThresholdControl(session)
    session.set_threshold("conv1", 0.123456789)
    view.drain()
    assert view.number.value == "0.123457"
    assert session.plan["conv1"].threshold == 0.123456789


def test_a_layer_is_kept_in_float_and_taken_back(session):
    view = ThresholdControl(session)
    view.keep_float.value = True
    view.drain()
    assert session.plan["conv1"].keep_float
    session.undo()
    view.drain()
    assert not view.keep_float.value


def test_the_box_shows_the_selected_layer(session):
    view = ThresholdControl(session)
    session.keep_float("fc")
    session.select("fc")
    view.drain()
    assert view.keep_float.value


def test_the_bits_of_the_weights_are_chosen_where_six_are_possible(session):
    session.select("fc")
    view = ThresholdControl(session)
    assert view.bits.layout.display == "none"
    session.select("conv1")
    view.drain()
    before = session.plan["conv1"].bits
    assert (view.bits.layout.display, view.bits.value) == (None, before)
    view.bits.value = 14 - before
    view.drain()
    assert session.plan["conv1"].bits == 14 - before
    session.undo()
    view.drain()
    assert view.bits.value == before


def test_layers_that_read_one_blob_are_untied_and_tied_again(session):
    view = ThresholdControl(session)
    assert view.tied.layout.display == "none"
    session.select("dw")
    view.drain()
    assert (view.tied.layout.display, view.ties.value) == (None, "Moves with conv2")
    view.tie.click()
    view.drain()
    assert session.tied("dw") == ("dw",)
    assert (view.ties.value, view.tie.description) == ("Moves alone, not with conv2", "Tie")
    view.tie.click()
    view.drain()
    assert session.tied("dw") == ("dw", "conv2")
    assert view.tie.description == "Untie"


@pytest.mark.parametrize("method", METHODS)
def test_a_method_is_taken_for_this_layer(session, method):
    session.set_threshold("dw", 1.0)
    session.select("dw")
    view = MethodTable(session)
    view.here[method].click()
    view.drain()
    assert session.plan["dw"].method == method
    assert session.plan["fc"].method == "kl"


def test_a_method_is_taken_for_all_layers(model, session):
    view = MethodTable(session)
    view.everywhere["mse"].click()
    view.drain()
    assert session.plan == calibrate(model, session.stats, "mse")


def test_the_table_shows_thresholds_and_what_is_taken(session):
    view = MethodTable(session)
    assert view.names["kl"].value.startswith("<b>")
    session.set_method("percentile")
    view.drain()
    assert [m for m in METHODS if view.names[m].value.startswith("<b>")] == ["percentile"]
    assert digits(session.search("conv1", "minmax").threshold) in view.figures["minmax"].value


def test_every_control_has_a_name_and_a_tooltip(session):
    chooser, history, table = LayerChooser(session), History(session), MethodTable(session)
    control = ThresholdControl(session)
    for widget in (
        *(chooser.layer, chooser.previous, chooser.next, history.undo, history.redo),
        *(*table.here.values(), *table.everywhere.values(), control.number, control.keep_float),
        *(control.bits, control.tie),
    ):
        assert widget.description
        assert widget.tooltip

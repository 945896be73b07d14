from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.widgets.synthetic import silenced, synthetic_statistics
from workbench.calibration.plan import BY_HAND, calibrate
from workbench.errors import CalibrationError, WorkbenchWarning
from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds import kl, kl_step, threshold_distribution_step
from workbench.session import Session
from workbench.widgets.stages import BARE, STAGES, VARIANTS
from workbench.widgets.steps import StepsPlot, StepsView

COUNTS = [3, 40, 52, 44, 36, 30, 24, 20, 15, 13, 10, 8, 7, 5, 4, 4]
COUNTS += [3, 2, 2, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1]
TOTAL = sum(COUNTS)


@pytest.fixture
def plot():
    return StepsPlot(COUNTS, method=BARE, target_bins=8)


@pytest.fixture
def view(session):
    return StepsView(session)


def array(data):
    return np.frombuffer(data, "<f4")


def ask(plot, candidate):
    """What the browser sends when it wants a candidate."""
    plot.set_state({"candidate": candidate})


def says(plot):
    return dict(zip(STAGES, plot.step["says"], strict=True))


@pytest.mark.parametrize("method", VARIANTS)
def test_it_starts_at_the_searchs_choice(method):
    plot = StepsPlot(COUNTS, method=method, target_bins=8)
    assert plot.candidate == plot.best == plot.step["t"] == plot.search.bin
    assert plot.step["threshold"] == plot.search.threshold
    assert plot.step["loss"] == pytest.approx(plot.search.loss, abs=1e-6)
    assert "the candidate that the search takes" in says(plot)["Compare"]


def test_a_candidate_that_is_asked_for_is_computed_by_the_search(plot):
    ask(plot, 13)
    step = threshold_distribution_step(Histogram(np.array(COUNTS), 32.0), 13, 8, floor=None)
    for name in ("clipped", "grouped", "expanded", "shares"):
        assert np.array_equal(array(plot.step[name]), getattr(step, name))
    assert (plot.step["t"], plot.step["loss"]) == (13, step.loss)
    assert plot.step["threshold"] == 13.5


def test_a_step_goes_to_the_browser_as_one_message(plot, monkeypatch):
    sent = []
    monkeypatch.setattr(plot, "send_state", lambda key=None: sent.append(key))
    ask(plot, 14)
    assert sent == ["step"]


def test_the_histogram_and_the_curve_are_the_searchs(plot):
    assert np.allclose(array(plot.heights) * TOTAL, COUNTS)
    assert np.allclose(array(plot.curve), plot.search.losses)
    assert (plot.total, plot.bin_width) == (TOTAL, 1.0)


def test_a_candidate_beyond_the_ends_is_the_end(plot):
    ask(plot, 1000)
    assert plot.candidate == plot.step["t"] == 31
    ask(plot, -3)
    assert plot.candidate == plot.step["t"] == 8


def test_another_search_keeps_the_candidate(plot):
    ask(plot, 21)
    before = plot.step["loss"]
    plot.set_state({"method": "kl"})
    assert plot.step["t"] == 21
    assert plot.step["loss"] == kl_step(Histogram(np.array(COUNTS), 32.0), 21, 8).loss != before
    assert array(plot.curve) == pytest.approx(plot.search.losses)
    assert any("0.0001" in text for text in plot.about)


def test_more_levels_move_the_candidate_inside(plot):
    ask(plot, 8)
    plot.target_bins = 16
    assert plot.candidate == plot.step["t"] == 16
    assert array(plot.step["grouped"]).size == 16


def test_levels_that_cannot_be_are_refused_and_nothing_changes(plot):
    with pytest.raises(CalibrationError, match="32 bins"):
        plot.target_bins = 32
    assert plot.target_bins == 8
    with pytest.raises(CalibrationError, match="4 bins"):
        StepsPlot([1, 2, 3, 4], target_bins=8)


def test_a_search_that_is_none_is_refused():
    with pytest.raises(CalibrationError, match="'mse' is no KL search"):
        StepsPlot(COUNTS, method="mse", target_bins=8)


def test_a_lesson_can_start_at_a_stage_and_a_candidate():
    plot = StepsPlot(COUNTS, target_bins=8, stage=1, candidate=12)
    assert (plot.stage, plot.candidate, plot.step["t"]) == (1, 12, 12)
    assert not plot.log_y
    assert StepsPlot(np.ones(2048, int)).log_y


def test_the_words_count_what_is_clipped(plot):
    ask(plot, 13)
    beyond = sum(COUNTS[13:])
    assert f"19 of 32 lie beyond it, with {beyond} of {TOTAL} values" in says(plot)["Clip"]
    assert f"{beyond} values more in the last kept bin, 12, which has 7" in says(plot)["Collect"]


def test_the_words_name_a_bin_that_is_cut(plot):
    ask(plot, 13)
    assert (
        "Borders cut 7 bins: bin 1 gives 0.625 of itself to group 0 and 0.375 to group 1"
        in (says(plot)["Group"])
    )
    assert "cuts takes its parts" in says(plot)["Expand"]
    ask(plot, 16)
    assert "none is cut" in says(plot)["Group"]
    assert "cuts" not in says(plot)["Expand"]


def test_the_words_tell_what_becomes_of_empty_bins(plot):
    ask(plot, 24)
    assert "of 24, 2 stay empty in Q" in says(plot)["Expand"]
    assert (array(plot.step["expanded"]) == 0).sum() == 2
    plot.method = "threshold-distribution"
    assert "(2 of 24) get their group's level too" in says(plot)["Expand"]
    assert (array(plot.step["expanded"]) > 0).all()


def test_outliers_on_an_empty_bin_are_said_to_count_as_one(plot):
    ask(plot, 20)
    assert "counts as 1" in says(plot)["Compare"]
    assert array(plot.step["shares"])[-1] == 1


def test_the_words_add_up_to_the_divergence(plot):
    ask(plot, 13)
    shares = array(plot.step["shares"]).astype(float)
    assert f"add {shares[shares > 0].sum():.4g}" in says(plot)["Compare"]
    assert f"the divergence is {plot.step['loss']:.4g} nats" in says(plot)["Compare"]
    assert f"takes candidate {plot.best}" in says(plot)["Compare"]


def test_rounding_of_the_running_sum_is_told():
    counts = np.full(2048, 2**20)
    counts[2047] = 1
    plot = StepsPlot(counts, method="threshold-distribution", candidate=2047)
    assert "Rounding has made" in says(plot)["Collect"]
    plot.method = "kl"
    assert "Rounding" not in says(plot)["Collect"]


@given(
    st.lists(st.integers(0, 10_000), min_size=9, max_size=40).filter(any),
    st.sampled_from(list(VARIANTS)),
    st.data(),
)
def test_every_candidate_of_any_histogram_is_told(counts, method, data):
    plot = StepsPlot(counts, method=method, target_bins=8)
    ask(plot, data.draw(st.integers(8, len(counts) - 1)))
    kept = plot.candidate
    assert plot.step["t"] == kept
    assert all(array(plot.step[name]).size == kept for name in ("clipped", "expanded", "shares"))
    assert all(text and "nan" not in text and "{" not in text for text in plot.step["says"])


def test_the_view_shows_the_selected_layers_search(session, view):
    session.select("fc")
    view.drain()
    search = session.search("fc", "kl")
    assert np.allclose(array(view.plot.curve), search.losses)
    assert (view.plot.candidate, view.plot.key) == (search.bin, "fc")
    assert "input of fc" in view.plot.title


def test_the_sessions_threshold_is_marked_but_the_candidate_stays(session, view):
    ask(view.plot, 700)
    session.set_threshold("conv1", view.plot.threshold_of(900))
    view.drain()
    assert (view.plot.mark, view.plot.candidate) == (900, 700)
    assert "by hand" in view.plot.mark_says


def test_a_threshold_that_is_taken_is_one_step_of_undo(session, view):
    before = session.plan
    ask(view.plot, 700)
    view.plot.set_state({"taken": {"key": "conv1", "threshold": view.plot.step["threshold"]}})
    view.drain()
    search = session.search("conv1", "kl")
    assert session.plan["conv1"].threshold == search.thresholds[700 - 128]
    assert session.plan["conv1"].method == BY_HAND
    assert view.plot.mark == 700
    assert "conv1" in view.notice.value
    session.undo()
    assert session.plan is before


def test_a_threshold_taken_as_the_layer_changes_goes_to_the_layer_that_was_shown(session, view):
    taken = {"key": "conv1", "threshold": view.plot.threshold_of(700)}
    session.select("fc")
    view.plot.set_state({"taken": taken})
    view.drain()
    assert session.plan["conv1"].threshold == taken["threshold"]
    assert session.plan["fc"].method == "kl"


def test_an_input_that_was_always_zero_says_so(model):
    stats = silenced(synthetic_statistics(model), "pool")
    with pytest.warns(WorkbenchWarning, match="always zero"):
        session = Session(model, stats, calibrate(model, stats))
    view = StepsView(session)
    session.select("fc")
    view.drain()
    assert "zero" in view.plot.note
    for method in VARIANTS:
        view.plot.method = method
    session.select("conv1")
    view.drain()
    assert view.plot.note == view.notice.value == ""
    assert view.plot.best == view.plot.search.bin


def test_a_closed_view_no_longer_follows(session, view):
    view.close()
    session.select("fc")
    view.drain()
    assert view.plot.key == "conv1"


def test_the_curve_of_the_whole_search_holds_every_step(session):
    histogram = session.histogram("conv1")
    search = kl(histogram)
    for candidate in (128, 129, 1000, 2047):
        assert kl_step(histogram, candidate).loss == pytest.approx(
            search.losses[candidate - 128], rel=1e-4, abs=1e-5
        )

from __future__ import annotations

import shutil

import numpy as np
import pytest

from tests.widgets.synthetic import synthetic_statistics
from workbench.calibration.inputs import ImageFolder
from workbench.calibration.labelled import Labelled
from workbench.session import Session
from workbench.simulation.simulator import Simulator
from workbench.widgets.accuracy import AccuracyPanel


@pytest.fixture
def session(model, arrays):
    return Session(model, synthetic_statistics(model), probes=arrays[:1])


@pytest.fixture
def labelled(arrays):
    return Labelled(arrays, (0, 1, 2, 3, 4, 0))


def measured(panel):
    panel.run.click()
    panel.measurement.drain()
    panel.drain()
    return panel


def test_nothing_is_measured_before_the_button_is_pressed(session, labelled):
    panel = AccuracyPanel(session, labelled)
    panel.measurement.drain()
    assert panel.state.value == ""
    assert panel.cancel.disabled


def test_the_result_stands_there_with_its_plan(session, labelled):
    panel = measured(AccuracyPanel(session, labelled))
    assert "6 labelled images" in panel.state.value
    assert "4 layers KL (ncnn)" in panel.state.value
    assert "✓ of the plan as it is now" in panel.state.value
    assert not panel.run.disabled


def test_a_result_is_stale_when_the_plan_changes_and_fresh_again_after_undo(session, labelled):
    panel = measured(AccuracyPanel(session, labelled))
    session.set_threshold("fc", 1.0)
    panel.drain()
    assert "stale" in panel.state.value
    assert "fc" in panel.state.value
    session.undo()
    panel.drain()
    assert "stale" not in panel.state.value


def test_of_several_outputs_one_holds_the_class_scores(two_headed, arrays):
    session = Session(two_headed, synthetic_statistics(two_headed), probes=arrays[:1])
    run = Simulator(two_headed, session.plan, "float").run
    labels = tuple(int(run(array)["conv2"].real.argmax()) for array in arrays)
    panel = AccuracyPanel(session, Labelled(arrays, labels))
    assert panel.output.options == (("none", ""), ("dw", "dw"), ("conv2", "conv2"))
    assert "Say which one" in measured(panel).notice.value
    assert panel.output.layout.display != "none"
    panel.output.value = "conv2"
    assert measured(panel).measurement.progress.measured.accuracy.float_top1 == 1.0


def test_an_only_output_is_not_asked_for(session, labelled):
    assert AccuracyPanel(session, labelled).output.layout.display == "none"


def test_a_folder_of_subfolders_is_measured(model, pictures):
    for number, file in enumerate(sorted(pictures.iterdir())):
        (pictures / str(number)).mkdir()
        shutil.move(file, pictures / str(number))
    images = ImageFolder(pictures, shape=(8, 8, 3))
    session = Session(model, synthetic_statistics(model), probes=images[:1])
    panel = measured(AccuracyPanel(session, pictures))
    assert "5 labelled images" in panel.state.value


def test_tensors_are_measured_whatever_the_probes_are(session, arrays, tmp_path):
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        np.save(tmp_path / str(number) / "x.npy", arrays[number])
    panel = measured(AccuracyPanel(session, tmp_path))
    assert "3 labelled images" in panel.state.value


@pytest.mark.parametrize(
    ("path", "says"),
    [("", "no labelled set was named"), ("nowhere", "not known how pictures become")],
)
def test_what_cannot_be_found_is_said_on_the_page(session, path, says):
    panel = AccuracyPanel(session)
    panel.path.value = path
    measured(panel)
    assert says in panel.notice.value
    assert "wb-wrong" in panel.notice.value


def test_while_it_runs_it_can_only_be_cancelled(session, labelled):
    panel, seen = AccuracyPanel(session, labelled), []

    def look(_):
        panel.refresh()
        seen.append((panel.run.disabled, panel.cancel.disabled, panel.state.value))
        if "2 of 6" in panel.state.value:
            panel.cancel.click()

    panel.measurement.observe(look, "progress")
    measured(panel)
    assert all((run, cancel) == (True, False) for run, cancel, _ in seen[:-1])
    assert "3 of 6" not in "".join(state for *_, state in seen)
    assert "Cancelled after 2 of 6 images" in panel.notice.value
    assert "wb-wrong" not in panel.notice.value
    assert (panel.run.disabled, panel.cancel.disabled) == (False, True)


def test_closing_stops_it(session, labelled):
    panel = AccuracyPanel(session, labelled)
    panel.measurement.observe(lambda change: change["new"].done == 2 and panel.close(), "progress")
    panel.run.click()
    panel.measurement.drain()
    assert panel.measurement.progress.cancelled
    assert panel.measurement.progress.measured is None

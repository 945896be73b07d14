from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest

from workbench.calibration.collect import Interrupted, collect
from workbench.errors import InputError
from workbench.session.collection import Far
from workbench.widgets.collecting import NOTHING_YET, Collecting, duration, words


class Gate(list):
    """Inputs that wait at one of them until the gate is opened."""

    def __init__(self, arrays, at):
        super().__init__(arrays)
        self.at, self.reached, self.opened = at, threading.Event(), threading.Event()

    def __getitem__(self, index):
        if index == self.at:
            self.reached.set()
            assert self.opened.wait(30)
        return super().__getitem__(index)


def assert_same(one, two):
    assert one.images == two.images
    for layer in one.layers:
        a, b = one[layer], two[layer]
        assert (a.absmax, a.zeros, a.blob_size) == (b.absmax, b.zeros, b.blob_size)
        assert np.array_equal(a.counts, b.counts)


@pytest.mark.parametrize("passes", [1, 2])
def test_it_ends_with_what_collect_gives(model, arrays, passes):
    view = Collecting(model, arrays, passes=passes)
    stats = view.wait()
    assert view.stats is stats
    assert_same(stats, collect(model, arrays, passes=passes, progress=False))
    assert view.bar.value == 1.0
    assert view.words.value == "<span><b>6</b> of 6 images, all counted</span>"
    assert (view.stop.disabled, view.go_on.disabled) == (True, True)


def test_the_first_histograms_appear_while_it_runs_and_sharpen(model, arrays):
    gate = Gate(arrays, at=2)
    view = Collecting(model, gate)
    assert gate.reached.wait(30)
    view.refresh()
    early = view.plots[0]
    assert early.key == "conv1"
    assert early.note == ""
    first = np.frombuffer(early.y, "<f4").sum()
    assert 0 < first <= 2 * arrays[0].size
    assert view.stats is None
    assert view.so_far.images == view.collection.far.done
    gate.opened.set()
    view.wait()
    assert np.frombuffer(early.y, "<f4").sum() == 6 * arrays[0].size


def test_before_the_first_image_the_plots_say_that_nothing_is_counted(model, arrays):
    view = Collecting(model, arrays, start=False)
    assert {plot.note for plot in view.plots} == {NOTHING_YET}
    assert "not begun" in view.words.value
    assert (view.stop.disabled, view.go_on.disabled) == (True, False)
    assert view.so_far is None


def test_stop_keeps_what_is_counted_and_go_on_gives_the_same_in_the_end(model, arrays):
    expected = collect(model, arrays, passes=1, progress=False)
    gate = Gate(arrays, at=1)  # early: the batch in which it stops is counted to its end
    view = Collecting(model, gate)
    assert gate.reached.wait(30)
    view.stop.click()
    gate.opened.set()
    with pytest.raises(Interrupted, match="of 6 images done"):
        view.wait()
    done = view.collection.far.done
    assert 0 < done < 6
    assert "stopped" in view.words.value
    assert (view.stop.disabled, view.go_on.disabled) == (True, False)
    view.go_on.click()
    assert_same(view.wait(), expected)
    assert view.collection.far.done == 6


def test_the_kernels_stop_button_stops_while_a_cell_waits(model, arrays, tmp_path):
    kept = tmp_path / "kept"
    gate = Gate(arrays, at=-1)
    view = Collecting(model, gate, checkpoint=kept, start=False)  # which reads them all once
    gate.at = 3
    view.go_on.click()

    def interrupt() -> None:
        gate.reached.wait(30)
        os.kill(os.getpid(), signal.SIGINT)
        threading.Timer(0.3, gate.opened.set).start()

    threading.Thread(target=interrupt).start()
    with pytest.raises(Interrupted):
        view.wait()
    assert kept.exists()
    stats = collect(model, arrays, passes=1, checkpoint=kept, progress=False)
    assert_same(stats, collect(model, [a.copy() for a in arrays], passes=1, progress=False))


def test_an_input_that_fails_is_said_on_the_page(model, arrays):
    view = Collecting(model, [*arrays[:2], np.zeros((3, 0), np.float32)])
    with pytest.raises(InputError, match="shape"):
        view.wait()
    assert "wb-wrong" in view.notice.value
    assert not view.go_on.disabled


def test_one_layer_can_be_chosen_and_is_drawn_large(model, arrays):
    view = Collecting(model, arrays)
    view.wait()
    assert len(view.grid.children) == 4
    view.layer.value = "fc"
    view.drain()
    assert [(plot.key, plot.height) for plot in view.grid.children] == [("fc", 270)]
    view.layer.value = ""
    view.drain()
    assert [plot.key for plot in view.grid.children] == ["conv1", "dw", "conv2", "fc"]


def test_the_line_follows_kl_until_it_is_moved_by_hand(model, arrays):
    view = Collecting(model, arrays)
    view.wait()
    plot = view.plots[0]
    assert plot.threshold == plot.marks[0]["threshold"]
    plot.hand = {"key": "conv1", "threshold": 1.25, "gesture": "a", "seen": 0}
    view.refresh()
    assert plot.threshold == 1.25


def test_closing_stops_the_collection(model, arrays):
    gate = Gate(arrays, at=1)
    view = Collecting(model, gate)
    assert gate.reached.wait(30)
    view.close()
    gate.opened.set()
    with pytest.raises(Interrupted):
        view.collection.wait()


def test_progress_is_told_in_images_and_time_left():
    far = Far(True, "counting", 37, 300, 37 / 300, 95.4)
    assert words(far, finished=False) == "<b>37</b> of 300 images, 1:35 left"
    far = Far(True, "pass 1 of 2: ranges", 37, 300, 37 / 600)
    assert words(far, finished=False) == "<b>37</b> of 300 images (pass 1 of 2: ranges)"
    assert duration(3661) == "1:01:01"

from __future__ import annotations

import os
import signal
import sys
from functools import partial

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.inputs import ImageFolder
from workbench.calibration.state import STAGES
from workbench.calibration.worker import BATCH, Pace, Worker
from workbench.errors import EngineError, InputError, WorkbenchWarning

QUIET = {"progress": False}


class Fatal(list):
    """Inputs whose reading ends the process that reads them, unless it is this one."""

    def __init__(self, arrays):
        super().__init__(arrays)
        self.parent = os.getpid()

    def __reduce__(self):
        return _fatal, (list(self), self.parent)

    def __getitem__(self, index):
        if os.getpid() != self.parent:
            os.kill(os.getpid(), signal.SIGTERM)
        return super().__getitem__(index)


def _fatal(arrays, parent):
    inputs = Fatal(arrays)
    inputs.parent = parent
    return inputs


def assert_same(one, two):
    assert one.images == two.images
    for layer in one.layers:
        a, b = one[layer], two[layer]
        assert (a.absmax, a.zeros, a.blob_size) == (b.absmax, b.zeros, b.blob_size)
        assert np.array_equal(a.counts, b.counts)


def test_processes_change_nothing_and_leave_out_the_same_picture(model, pictures):
    (pictures / "1.bmp").write_bytes(b"BM")
    images = ImageFolder(pictures, shape=(8, 8, 3), skip_unreadable=True)
    for passes in (1, 2):
        with pytest.warns(WorkbenchWarning, match=r"1\.bmp"):
            alone = collect(model, images, passes=passes, **QUIET)
        with pytest.warns(WorkbenchWarning, match=r"1\.bmp"):
            shared = collect(model, images, passes=passes, workers=2, **QUIET)
        assert_same(alone, shared)


def test_processes_name_the_unreadable_picture(model, pictures):
    (pictures / "1.bmp").write_bytes(b"BM")
    with pytest.raises(InputError, match=r"1\.bmp"):
        collect(model, ImageFolder(pictures, shape=(8, 8, 3)), workers=2, **QUIET)


def test_neighbours_are_added_and_the_unreadable_stands_alone(model, pictures):
    (pictures / "1.bmp").write_bytes(b"BM")
    images = ImageFolder(pictures, shape=(8, 8, 3))
    worker = Worker(model, images, ("data",))
    batch = partial(worker.batch, STAGES[1][0], {"data": 0.0})
    parts, error = batch(range(4))
    assert error is None
    assert [index for index, _ in parts] == [0, 1, 3]
    assert parts[1][1] is None
    one, two = (batch([index])[0][0][1]["data"] for index in (2, 3))
    assert np.array_equal(parts[2][1]["data"].counts, (one + two).counts)


def test_what_was_counted_before_an_error_is_handed_over(model, arrays):
    wrong = [*arrays[:2], np.zeros((9, 9, 9, 9, 9), np.float32)]
    parts, error = Worker(model, wrong, ("data",)).batch(STAGES[1][0], {"data": 0.0}, range(3))
    assert [index for index, _ in parts] == [1]
    assert isinstance(error, InputError)


@pytest.mark.parametrize("hands", [1, 2, 5])
@pytest.mark.parametrize("number", [0, 1, 7, 1000])
def test_batches_are_all_positions_in_order_and_begin_with_one(hands, number):
    batches = list(Pace(range(number), hands))
    assert [index for batch in batches for index in batch] == list(range(number))
    assert all(len(batch) == 1 for batch in batches[:1])
    assert max(map(len, batches), default=0) <= BATCH


@pytest.mark.skipif(sys.platform == "win32", reason="processes are ended otherwise there")
def test_a_process_that_is_ended_from_outside_is_an_error(model, arrays):
    with pytest.raises(EngineError, match="ended from outside"):
        collect(model, Fatal(arrays), workers=2, **QUIET)

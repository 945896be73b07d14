from __future__ import annotations

import pytest

from tests.calibration.test_collect_checkpoint import stop_at
from tests.calibration.test_collect_workers import assert_same
from workbench.calibration.collect import Interrupted, collect

QUIET = {"progress": False}
EITHER = pytest.mark.parametrize("passes", [1, 2])


@EITHER
@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_nothing(model, arrays, threads, passes):
    one, more = (collect(model, arrays, threads=n, passes=passes, **QUIET) for n in (1, threads))
    assert_same(one, more)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_order_of_images_changes_no_count(model, arrays, threads):
    there = collect(model, arrays, passes=1, threads=threads, **QUIET)
    back = collect(model, arrays[::-1], passes=1, threads=threads, **QUIET)
    assert_same(there, back)


def test_threads_stop_and_go_on(model, arrays, monkeypatch):
    expected = collect(model, arrays, passes=1, **QUIET)
    stop_at(monkeypatch, 4)
    with pytest.raises(Interrupted, match=r"counting, [1-5] of 6 images"):
        collect(model, arrays, passes=1, threads=2, **QUIET)
    assert_same(expected, collect(model, arrays, passes=1, threads=2, **QUIET))

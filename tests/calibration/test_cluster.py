from __future__ import annotations

import logging
import os
import signal
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import dask
import distributed
import numpy as np
import pytest

from workbench.calibration import cluster as module
from workbench.calibration.checkpoint import load_checkpoint
from workbench.calibration.cluster import Crew
from workbench.calibration.collect import Collector, Interrupted, collect
from workbench.calibration.inputs import FileInputs, MultiInput, TensorFolder
from workbench.calibration.readers import TensorReader
from workbench.calibration.state import STAGES, Stretch
from workbench.calibration.worker import Worker
from workbench.errors import CalibrationError, EngineError, InputError, WorkbenchWarning

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="workers are killed otherwise"),
]
QUIET = {"progress": False}
EITHER = pytest.mark.parametrize("passes", [1, 2])
IMAGES = 60


@dataclass(frozen=True)
class DeadlyReader(TensorReader):
    """Ends the process that reads a file of one name."""

    def read(self, path):
        if path.stem == "31":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(path)


@dataclass(frozen=True)
class BlindReader(TensorReader):
    """Finds no file, except in one process."""

    sees: int = 0

    def read(self, path):
        if os.getpid() != self.sees:
            raise InputError("there is no such file", where=str(path))
        return super().read(path)


@contextmanager
def cluster():
    """A cluster of two workers, and its client."""
    settings = {
        "distributed.scheduler.allowed-failures": 1,
        "distributed.worker.memory.terminate": False,
    }
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, processes=True, dashboard_address=":0"
        ) as workers,
        distributed.Client(workers) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def client():
    with cluster() as client:
        yield client


@pytest.fixture
def mortal():
    """The client of a cluster for one test, which kills workers: not each comes back in time."""
    with cluster() as client:
        yield client


@pytest.fixture
def inputs(tmp_path) -> FileInputs:
    folder, rng = tmp_path / "npy", np.random.default_rng(5)
    folder.mkdir()
    for number in range(IMAGES):
        array = rng.normal(0, 1 + number % 7, (3, 8, 8)).astype(np.float32)
        np.save(folder / f"{number:02}.npy", array)
    return TensorFolder(folder)


def assert_same(one, two) -> None:
    assert (one.images, one.inputs) == (two.images, two.inputs)
    for layer in one.layers:
        a, b = one[layer], two[layer]
        assert (a.absmax, a.zeros, a.blob_size) == (b.absmax, b.zeros, b.blob_size)
        assert np.array_equal(a.counts, b.counts)


@EITHER
def test_a_cluster_changes_no_bit_and_leaves_nothing_behind(model, inputs, client, passes):
    stats = collect(model, inputs, passes=passes, client=client, **QUIET)
    assert_same(stats, collect(model, inputs, passes=passes, **QUIET))
    plugins = client.run(lambda dask_worker: [str(name) for name in dask_worker.plugins])
    assert not any("workbench" in name for names in plugins.values() for name in names)


@EITHER
def test_a_worker_killed_in_the_middle_changes_no_bit(model, inputs, mortal, passes, monkeypatch):
    monkeypatch.setattr(module, "LEAF", 4)
    monkeypatch.setattr(module, "LEAVES", 2)
    collector, killed = Collector(model, inputs, passes=passes, client=mortal), []

    def kill_one() -> None:
        if not killed and collector.state.stage == passes - 1 and collector.ahead:
            killed.append(min(mortal.run(os.getpid).values()))
            os.kill(killed[0], signal.SIGKILL)

    collector.watch = kill_one
    stats = collector.run(progress=False)
    assert killed
    assert_same(stats, collect(model, inputs, passes=passes, **QUIET))


@pytest.mark.parametrize("size", [1, 7, IMAGES])
def test_stretches_join_to_the_same_counts_however_they_are_cut(model, inputs, size):
    worker = Worker(model, inputs, ("data", "conv1", "pool"))
    nothing = dict.fromkeys(worker.blobs, 0.0)
    batches = [worker.batch(STAGES[1][0], nothing, [index]) for index in range(IMAGES)]
    parts = [Stretch(*part, {}) for (part,), _ in batches]
    cut = [reduce(add, parts[first : first + size]) for first in range(0, IMAGES, size)]
    while len(cut) > 1:
        cut = [reduce(add, cut[first : first + 2]) for first in range(0, len(cut), 2)]
    expected = collect(model, inputs, passes=1, **QUIET)
    assert cut[0].last == IMAGES - 1
    for blob, tally in cut[0].tallies.items():
        assert np.array_equal(tally.histogram.counts, expected.histograms[blob].counts)


def test_only_the_counts_of_whole_waves_come_to_the_client(model, inputs, client, monkeypatch):
    fetched, result = [], Crew.result
    monkeypatch.setattr(module, "LEAF", 3)
    monkeypatch.setattr(module, "LEAVES", 2)
    monkeypatch.setattr(
        Crew, "result", lambda self, wave: fetched.append(wave) or result(self, wave)
    )
    collect(model, inputs, passes=1, client=client, **QUIET)
    assert 1 < len(fetched) < 7  # of more than 20 leaves


def test_an_image_that_kills_its_workers_is_an_error_that_names_it(
    model, inputs, mortal, monkeypatch
):
    monkeypatch.setattr(module, "LEAF", 2)
    deadly = replace(inputs, reader=DeadlyReader())
    with pytest.raises(EngineError, match=r"2 workers died at it") as caught:
        collect(model, deadly, passes=1, client=mortal, **QUIET)
    assert "npy" in caught.value.where


def test_a_file_that_a_worker_cannot_see_is_named_with_the_worker(model, inputs, client):
    blind = replace(inputs, reader=BlindReader(os.getpid()))
    with pytest.raises(InputError, match=r"\.npy: .*says worker tcp://.* on .*mount the same"):
        collect(model, blind, passes=1, client=client, **QUIET)
    skipping = replace(blind, skip_unreadable=True)
    with pytest.raises(InputError, match=r"tcp://.*a moment later it could be read here"):
        collect(model, skipping, passes=1, client=client, **QUIET)


@EITHER
def test_unreadable_files_are_left_out_as_in_one_process(model, inputs, client, passes):
    for number in (0, 17, IMAGES - 1):
        inputs.files[number].write_bytes(b"no array")
    inputs = replace(inputs, skip_unreadable=True)
    with pytest.warns(WorkbenchWarning, match="left out"):
        alone = collect(model, inputs, passes=passes, **QUIET)
    with pytest.warns(WorkbenchWarning, match="left out"):
        assert_same(alone, collect(model, inputs, passes=passes, client=client, **QUIET))


def test_a_stop_cancels_what_is_under_way_and_keeps_whole_waves(
    model, inputs, client, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "LEAF", 2)
    monkeypatch.setattr(module, "LEAVES", 1)
    kept = tmp_path / "kept"
    collector = Collector(model, inputs, passes=1, checkpoint=kept, client=client)

    def stop() -> None:
        if collector.state.done:
            raise KeyboardInterrupt

    collector.watch = stop
    with pytest.raises(KeyboardInterrupt):
        collector.run(progress=False)
    assert 0 < load_checkpoint(kept).state.done < IMAGES
    assert all(future.status != "pending" for future in client.futures.values())
    stats = collect(model, inputs, passes=1, client=client, checkpoint=kept, **QUIET)
    assert_same(stats, collect(model, inputs, passes=1, **QUIET))


def test_ctrl_c_is_said_like_any_other_stop(model, inputs, client, monkeypatch):
    monkeypatch.setattr(Crew, "check", lambda self: signal.raise_signal(signal.SIGINT))
    with pytest.raises(Interrupted, match="stopped in counting"):
        collect(model, inputs, passes=1, client=client, **QUIET)
    assert all(future.status != "pending" for future in client.futures.values())


def test_several_inputs_are_read_on_the_cluster(model, inputs, client):
    both = MultiInput({"data": inputs})
    stats = collect(model, both, passes=1, client=client, **QUIET)
    assert_same(stats, collect(model, both, passes=1, **QUIET))


def test_what_cannot_run_on_a_cluster_is_refused(model, inputs, arrays, client):
    with pytest.raises(InputError, match="must be files"):
        collect(model, arrays, client=client, **QUIET)
    with pytest.raises(CalibrationError, match="beside client"):
        collect(model, inputs, client=client, threads=2, **QUIET)
    with pytest.raises(CalibrationError, match="client is 'tcp://there'"):
        collect(model, inputs, client="tcp://there", **QUIET)


def test_a_cluster_without_workers_is_an_error_and_no_endless_wait(model, inputs, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.5)
    with (
        distributed.LocalCluster(n_workers=0, processes=True, dashboard_address=":0") as empty,
        distributed.Client(empty) as client,
        pytest.raises(EngineError, match=r"no worker.*dask worker"),
    ):
        collect(model, inputs, passes=1, client=client, **QUIET)

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from workbench.calibration import collector as module
from workbench.calibration.collect import Interrupted, collect
from workbench.calibration.inputs import TensorFolder
from workbench.calibration.statistics import Statistics
from workbench.cli.calibrate import calibrate
from workbench.engine import Network
from workbench.errors import CalibrationError, FormatError, WorkbenchError
from workbench.model import load_model, save_model

QUIET = {"progress": False}
EITHER = pytest.mark.parametrize("passes", [1, 2])

CHILD = """
import os, sys, threading, time
from pathlib import Path
from workbench.calibration import collector as module
from workbench.calibration.collect import collect
from workbench.calibration.checkpoint import load_checkpoint
from workbench.calibration.inputs import TensorFolder
from workbench.engine import Network
from workbench.model import load_model

folder, passes, threads, last = Path(sys.argv[1]), *map(int, sys.argv[2:])
module.CHECKPOINT_SECONDS = 0
run, runs, lock = Network.run_values, [], threading.Lock()

def run_until_last(*args):
    with lock:
        runs.append(1)
        number = len(runs)
    if number > last:
        for _ in range(6000):
            time.sleep(0.01)
            state = load_checkpoint(folder / "kept").state
            if (state.stage, state.done) > (passes - 1, 0):
                os.write(1, b"ready\\n")
                time.sleep(60)
        os._exit(1)
    return run(*args)

Network.run_values = run_until_last
model = load_model(folder / "m.param", folder / "m.bin")
collect(model, TensorFolder(folder / "npy"), threads=threads, passes=passes,
               progress=False, checkpoint=folder / "kept")
"""


@pytest.fixture
def folder(tmp_path, model, arrays) -> Path:
    save_model(model, tmp_path / "m.param", tmp_path / "m.bin")
    (tmp_path / "npy").mkdir()
    for number, array in enumerate(arrays):
        np.save(tmp_path / "npy" / f"{number}.npy", array * (number + 1))
    return tmp_path


@pytest.fixture
def runs(monkeypatch) -> list[int]:
    """Grows by one with each run of a network."""
    run, calls = Network.run_values, []
    monkeypatch.setattr(Network, "run_values", lambda *args: calls.append(1) or run(*args))
    return calls


def stop_at(monkeypatch, number: int) -> None:
    run, calls = Network.run_values, []

    def stopping(*args):
        calls.append(1)
        if len(calls) == number:
            raise KeyboardInterrupt
        return run(*args)

    monkeypatch.setattr(Network, "run_values", stopping)


def assert_same(one: Statistics, two: Statistics) -> None:
    assert (one.images, one.inputs) == (two.images, two.inputs)
    for layer in one.layers:
        a, b = one[layer], two[layer]
        assert (a.absmax, a.zeros, a.blob_size) == (b.absmax, b.zeros, b.blob_size)
        assert np.array_equal(a.counts, b.counts)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(("passes", "threads", "last"), [(1, 1, 3), (1, 2, 4), (2, 1, 8)])
def test_a_killed_process_is_continued_to_the_same_bits(folder, runs, passes, threads, last):
    command = [sys.executable, "-c", CHILD, folder, passes, threads, last]
    with subprocess.Popen(map(str, command), stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"ready\n"
        child.kill()
    assert child.returncode < 0
    model = load_model(folder / "m.param", folder / "m.bin")
    inputs = TensorFolder(folder / "npy")
    settings = {"passes": passes, "threads": threads, **QUIET}
    stats = collect(model, inputs, checkpoint=folder / "kept", **settings)
    assert 0 < len(runs) < 6 * passes
    assert_same(stats, collect(model, inputs, **settings))


@EITHER
def test_a_stop_by_hand_is_continued_from_the_file(model, arrays, tmp_path, monkeypatch, passes):
    expected = collect(model, arrays, passes=passes, **QUIET)
    kept = tmp_path / "kept"
    with monkeypatch.context() as patch:
        stop_at(patch, 4)
        with pytest.raises(Interrupted, match="3 of 6 images"):
            collect(model, arrays, passes=passes, checkpoint=kept, **QUIET)
    copies = [array.copy() for array in arrays]  # known by their contents, not as objects
    stats = collect(model, copies, passes=passes, checkpoint=kept, **QUIET)
    assert all(np.array_equal(stats[x].counts, expected[x].counts) for x in stats.layers)


@EITHER
def test_a_finished_checkpoint_gives_the_result_at_once(folder, model, runs, passes):
    inputs, kept = TensorFolder(folder / "npy"), folder / "kept"
    first = collect(model, inputs, passes=passes, checkpoint=kept, **QUIET)
    done = len(runs)
    assert_same(first, collect(model, inputs, passes=passes, checkpoint=kept, **QUIET))
    assert len(runs) == done


def test_one_pass_takes_more_images_into_a_finished_checkpoint(folder, model, runs):
    inputs, kept = TensorFolder(folder / "npy"), folder / "kept"
    collect(model, inputs[:4], passes=1, checkpoint=kept, **QUIET)
    stats = collect(model, inputs, passes=1, checkpoint=kept, **QUIET)
    assert len(runs) == 6
    assert_same(stats, collect(model, inputs, passes=1, **QUIET))


def test_the_file_is_written_while_images_are_counted(folder, model, monkeypatch):
    written = []
    save = module.save_checkpoint
    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(
        module, "save_checkpoint", lambda kept, path: written.append(kept) or save(kept, path)
    )
    collect(model, TensorFolder(folder / "npy"), checkpoint=folder / "kept", passes=2, **QUIET)
    progress = [(kept.state.stage, kept.state.done) for kept in written]
    assert progress == sorted(progress)
    assert {(0, 1), (0, 4), (1, 1), (1, 6)} <= set(progress)


def test_a_checkpoint_of_other_images_another_network_or_passes_is_refused(
    folder, model, model_with
):
    inputs, kept = TensorFolder(folder / "npy"), folder / "kept"
    collect(model, inputs, passes=2, checkpoint=kept, **QUIET)
    other = model_with(lambda layer, name, array: array * 2)
    for call in (
        lambda: collect(other, inputs, passes=2, checkpoint=kept, **QUIET),
        lambda: collect(model, inputs[1:], passes=2, checkpoint=kept, **QUIET),
        lambda: collect(model, inputs, passes=1, checkpoint=kept, **QUIET),
    ):
        with pytest.raises(CalibrationError, match=r"kept: the checkpoint is of another"):
            call()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_file_of_another_kind_is_named(folder, model, share):
    inputs, kept = TensorFolder(folder / "npy"), folder / "kept"
    collect(model, inputs, checkpoint=kept, **QUIET)
    content = kept.read_bytes()
    kept.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(FormatError, match="kept: not a checkpoint"):
        collect(model, inputs, checkpoint=kept, **QUIET)


def test_a_folder_that_does_not_exist_is_found_before_any_network_runs(folder, model, runs):
    with pytest.raises(WorkbenchError, match="kept: the file cannot be written"):
        collect(model, TensorFolder(folder / "npy"), checkpoint=folder / "no" / "kept", **QUIET)
    assert not runs


def test_the_command_goes_on_from_a_checkpoint(folder, monkeypatch):
    def call(table: str, *words: str) -> Result:
        files = [str(folder / name) for name in ("m.param", "m.bin", "npy")]
        return CliRunner().invoke(calibrate, [*files, "--table", str(folder / table), *words])

    kept = ("--checkpoint", str(folder / "kept"), "--passes", "1")
    with monkeypatch.context() as patch:
        stop_at(patch, 3)
        stopped = call("a", *kept)
    assert stopped.exit_code == 1
    assert "interrupted: stopped in counting, 2 of 6 images done. The same" in stopped.stderr
    assert call("b", *kept, "--threads", "2").exit_code == 0
    assert call("c", "--passes", "1").exit_code == 0
    assert (folder / "b").read_text() == (folder / "c").read_text()

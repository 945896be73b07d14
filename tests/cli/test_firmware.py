from __future__ import annotations

import json
import shutil
import subprocess

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import calibrate
from workbench.export.table import save_table

FILES = ("m.param", "m.bin", "m.table", "out")


@pytest.fixture
def folder(files, model, arrays):
    save_table(calibrate(model, collect(model, arrays, progress=False)), files / "m.table")
    return files


def test_firmware_writes_a_plan_a_program_and_golden_vectors(run, folder):
    status, out, err = run("firmware", *FILES, "npy", "--limit", "2")
    assert (status, err) == (0, "")
    assert "left out, behind: prob (Softmax" in out
    assert "golden vectors of 2 inputs -> out" in out
    plan = json.loads((folder / "out" / "plan.json").read_text())
    assert plan["scheme"] == "integer"
    weights = [op["arrays"]["weight"] for op in plan["operations"] if "weight" in op["arrays"]]
    size = sum(np.load(folder / "out" / file).size for file in weights)
    assert f"{size} bytes of weights" in out
    assert (folder / "out" / "golden" / "0001" / "input.bin").stat().st_size == 3 * 8 * 8
    assert not (folder / "out" / "golden" / "0002").exists()


@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler here (cc)")
@pytest.mark.parametrize("scheme", ["integer", "integer-shift"])
def test_the_program_reads_the_golden_input_and_gives_the_golden_blobs(run, folder, scheme):
    run("firmware", *FILES, "npy", "--scheme", scheme)
    out = folder / "out"
    subprocess.run(["cc", "-std=c99", "-Werror", "net.c", "-o", "net"], cwd=out, check=True)
    words = ["./net", "golden/0003/input.bin", "blobs.bin"]
    done = subprocess.run(words, cwd=out, capture_output=True, text=True)
    assert (done.returncode, "goes on in float" in done.stderr) == (0, True)
    manifest = json.loads((out / "golden" / "manifest.json").read_text())
    assert {entry["input"] for entry in manifest if entry["image"] == 3} == {"npy/3.npy"}
    entries = [e for e in manifest if e["image"] == 3 and e["scale"] is not None]
    expected = b"".join(np.load(out / "golden" / entry["file"]).tobytes() for entry in entries)
    assert (out / "blobs.bin").read_bytes()[: len(expected)] == expected


def test_without_inputs_there_is_a_program_and_no_golden_vectors(run, folder):
    run("firmware", *FILES, "npy")  # whose golden vectors must not stay
    status, out, _ = run("firmware", *FILES)
    assert status == 0
    assert "golden" not in out
    assert sorted(path.name for path in (folder / "out").iterdir())[1:] == ["net.c", "plan.json"]


def test_a_layer_kept_in_float_in_the_middle_is_named_and_nothing_is_written(run, folder):
    rows = (folder / "m.table").read_text().splitlines(True)
    (folder / "m.table").write_text("".join(row for row in rows if not row.startswith("dw")))
    status, out, err = run("firmware", *FILES)
    assert (status, out) == (1, "")
    assert "layer dw (ConvolutionDepthWise)" in err
    assert "the plan keeps this layer in float" in err
    assert "Calibrate it to int8" in err
    assert not (folder / "out").exists()


def test_the_help_says_how_to_go_on(run):
    status, out, _ = run("firmware", "--help")
    assert status == 0
    assert "cc -std=c99" in out
    assert "plan.json" in out

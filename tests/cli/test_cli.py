from __future__ import annotations

import subprocess
import sys

import pytest

from workbench import cli
from workbench.export.table import load_table
from workbench.model import load_model

CALIBRATE = ("calibrate", "m.param", "m.bin")
COMPARE = ("compare", "m.param", "m.bin", "t")


def test_calibrate_writes_a_table_that_the_network_takes(run, files):
    status, out, _ = run(*CALIBRATE, "npy", "--table", "m.table")
    assert status == 0
    assert "4 layers, 6 images, kl -> m.table" in out
    plan = load_table(files / "m.table", load_model(files / "m.param", files / "m.bin"))
    assert not any(decision.keep_float for decision in plan)


@pytest.mark.parametrize(
    "method", ["kl", "threshold-distribution", "aciq", "percentile", "mse", "minmax"]
)
def test_kept_statistics_give_the_same_table_as_a_run(run, files, method):
    run(*CALIBRATE, "npy", "--table", "a", "--method", method, "--save-stats", "s.npz")
    status, *_ = run(*CALIBRATE, "--stats", "s.npz", "--table", "b", "--method", method)
    assert status == 0
    assert (files / "a").read_text() == (files / "b").read_text()


def test_eq_starts_from_kl_and_changes_scales(run, files):
    run(*CALIBRATE, "npy", "--table", "kl", "--save-stats", "s.npz")
    status, out, _ = run(*CALIBRATE, "npy", "--stats", "s.npz", "--table", "eq", "--method", "eq")
    assert status == 0
    assert "eq -> eq" in out
    model = load_model(files / "m.param", files / "m.bin")
    kl, eq = (load_table(files / name, model) for name in ("kl", "eq"))
    assert kl["conv1"].scale != eq["conv1"].scale


def test_pictures_take_their_shape_from_the_input_layer(run, pictures):
    status, out, _ = run(*CALIBRATE, str(pictures), "--table", "t", "--mean", "1,2,3")
    assert status == 0
    assert "5 images" in out


def test_limit_takes_the_first_inputs(run):
    assert "2 images" in run(*CALIBRATE, "npy", "--table", "t", "--limit", "2")[1]


def test_inputs_can_be_given_by_blob(run):
    assert run(*CALIBRATE, "data=npy", "--table", "t")[0] == 0
    status, _, err = run(*CALIBRATE, "info=npy", "--table", "t")
    assert status == 1
    assert "data" in err


def test_weight_bits_are_a_choice(run, files):
    run(*CALIBRATE, "npy", "--table", "a")
    run(*CALIBRATE, "npy", "--table", "b", "--weight-bits", "proven")
    assert (files / "a").read_text() != (files / "b").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((*CALIBRATE, "nowhere", "--table", "t"), "nowhere"),
        (("calibrate", "none.param", "m.bin", "npy", "--table", "t"), "none.param"),
        (("calibrate", "m.bin", "m.param", "npy", "--table", "t"), "m.bin"),
        ((*CALIBRATE, "--stats", "m.bin", "--table", "t"), "m.bin"),
        (("inspect", "none.param"), "none.param"),
    ],
)
def test_failed_work_exits_1_and_says_why_in_one_line(run, words, says):
    status, _, err = run(*words)
    assert status == 1
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("error: ")
    assert says in err


@pytest.mark.parametrize(
    "words",
    [
        CALIBRATE,
        (*CALIBRATE, "npy"),
        (*CALIBRATE, "--table", "t"),
        (*CALIBRATE, "npy", "--stats", "s", "--table", "t"),
        (*CALIBRATE, "npy", "--table", "t", "--method", "magic"),
        (*CALIBRATE, "--stats", "s", "--table", "t", "--method", "eq"),
        (*CALIBRATE, "npy", "--table", "t", "--shape", "8,x"),
        (*CALIBRATE, "npy", "--table", "t", "--limit", "0"),
        ("inspect", "m.param", "--table", "t"),
        ("lab", "m.param"),
        ("dance",),
    ],
)
def test_wrong_usage_exits_2(run, words):
    assert run(*words)[0] == 2


def test_an_unreadable_picture_is_left_out_when_asked(run, pictures):
    (pictures / "0.png").write_bytes(b"no")
    assert run(*CALIBRATE, str(pictures), "--table", "t")[0] == 1
    status, out, err = run(*CALIBRATE, str(pictures), "--table", "t", "--skip-unreadable")
    assert status == 0
    assert "4 images" in out
    assert err.startswith("warning: left out: ")


def test_inspect_shows_layers_weights_and_scales(run):
    status, out, _ = run("inspect", "m.param")
    assert status == 0
    assert "ConvolutionDepthWise  dw" in out
    run(*CALIBRATE, "npy", "--table", "m.table")
    out = run("inspect", "m.param", "m.bin", "--table", "m.table")[1]
    assert "weight 36 float32" in out
    assert "scale" in out
    assert "4 layers can be quantized" in out


def test_help_needs_none_of_the_commands():
    code = "import sys; from workbench import cli; cli.main()"
    child = [sys.executable, "-X", "importtime", "-c", code, "--help"]
    done = subprocess.run(child, capture_output=True, text=True, check=True)
    assert all(f"\n  {name} " in done.stdout for name in cli.COMMANDS)
    assert "workbench.cli" in done.stderr
    assert "numpy" not in done.stderr


def test_help_tells_a_newcomer_what_each_command_is_for(run):
    status, out, _ = run("--help")
    assert status == 0
    assert all(word in out for word in ("calibrate", "inspect", "lab"))
    assert "Example" in run("calibrate", "--help")[1]


def test_the_module_is_quick_to_import_and_draws_nothing_in():
    code = (
        "import sys, workbench; "
        "print([m for m in ('ncnn', 'plotly', 'ipywidgets', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((*CALIBRATE, "npy", "--table", "no/folder/t"), "no folder no/folder"),
        ((*CALIBRATE, "npy", "--table", "npy"), "npy is a folder"),
        ((*CALIBRATE, "npy", "--table", "m.param"), "m.param is what is read"),
        ((*CALIBRATE, "npy", "--table", "t", "--save-stats", "m.bin"), "m.bin is what is read"),
        ((*CALIBRATE, "npy", "--table", "t", "--save-stats", "./t"), "t is what --table writes"),
        ((*COMPARE, "npy", "--json", "m.bin"), "m.bin is what is read"),
        (
            ("compare", "m.param", "m.bin", "t", "npy", "--json", "o", "--html", "o"),
            "--json writes",
        ),
    ],
)
def test_nothing_that_is_read_is_overwritten(run, files, words, says):
    before = {path: path.read_bytes() for path in files.iterdir() if path.is_file()}
    status, _, err = run(*words)
    assert status == 2
    assert says in err
    assert before == {path: path.read_bytes() for path in files.iterdir() if path.is_file()}


def test_options_that_have_no_effect_are_told(run):
    err = run(*CALIBRATE, "npy", "--table", "t", "--save-stats", "s.npz", "--norm", "0.1")[2]
    assert "warning: with .npy, --norm has no effect" in err
    err = run(*CALIBRATE, "--stats", "s.npz", "--table", "t", "--mean", "1,2,3", "--limit", "2")[2]
    assert "warning: with --stats, --mean, --limit has no effect" in err


def test_statistics_of_other_inputs_are_told(run):
    run(*CALIBRATE, "npy", "--table", "t", "--save-stats", "s.npz")
    words = ("--stats", "s.npz", "--table", "eq", "--method", "eq")
    assert "other inputs" not in run(*CALIBRATE, "npy", *words)[2]
    assert "other inputs" in run(*CALIBRATE, "npy", *words, "--limit", "3")[2]

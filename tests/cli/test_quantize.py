from __future__ import annotations

import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import calibrate
from workbench.export.table import save_table
from workbench.model import load_model

FILES = ("m.param", "m.bin", "m.table", "i.param", "i.bin")


@pytest.fixture
def folder(files, model, arrays):
    save_table(calibrate(model, collect(model, arrays, progress=False)), files / "m.table")
    return files


def edit(folder, old: str, new: str) -> None:
    text = (folder / "m.table").read_text()
    assert old in text
    (folder / "m.table").write_text(text.replace(old, new))


def test_quantize_writes_a_network_that_can_be_read(run, folder):
    status, out, err = run("quantize", *FILES)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "conv1  int8, its output stays int8"
    assert lines[3] == "fc     int8"
    assert lines[4] == "4 of 4 layers in int8, 1 of their outputs too"
    made = load_model(folder / "i.param", folder / "i.bin")
    assert made.graph.by_name["conv1"].params[8] == 102
    assert f"-> {(folder / 'i.bin').stat().st_size} bytes" in lines[5]


def test_a_layer_without_rows_stays_float(run, folder):
    rows = (folder / "m.table").read_text().splitlines(True)
    (folder / "m.table").write_text("".join(row for row in rows if not row.startswith("fc")))
    out = run("quantize", *FILES)[1]
    assert "fc     float" in out
    assert "3 of 4 layers in int8" in out


def test_every_fault_of_the_table_is_told_and_nothing_is_written(run, folder):
    edit(folder, "fc_param_0", "#fc_param_0")
    edit(folder, "conv2 ", "\nconv2\t")
    status, out, err = run("quantize", *FILES)
    assert (status, out) == (1, "")
    lines = err.splitlines()
    assert lines[0].startswith("warning: m.table:7: the line is empty. Delete the line.")
    assert lines[1].startswith("warning: m.table:8: row 'conv2' has tabs")
    assert lines[2].startswith("error: m.table:9: row 'fc' has no partner 'fc_param_0'")
    assert "ncnn leaves this InnerProduct and every later one in float" in lines[2]
    assert lines[3].startswith("error: m.table: the table has 1 error; nothing was written")
    assert not (folder / "i.bin").exists()


def test_mend_does_what_is_advised(run, folder):
    edit(folder, "fc_param_0", "#fc_param_0")
    before = (folder / "m.table").read_bytes()
    status, out, err = run("quantize", *FILES, "--mend")
    assert status == 0
    assert "fc     float" in out
    assert err.startswith("error: m.table:8: row 'fc' has no partner")
    assert (folder / "m.table").read_bytes() == before


def test_warnings_do_not_stop_it(run, folder):
    edit(folder, "\nconv1 ", "\n\nconv1 ")
    status, _, err = run("quantize", *FILES)
    assert status == 0
    assert err.startswith("warning: m.table:5: the line is empty")


@pytest.mark.parametrize(
    "outputs",
    [("m.param", "i.bin"), ("i.param", "m.bin"), ("m.table", "i.bin"), ("i.param", "./m.table")],
)
def test_its_own_inputs_are_never_overwritten(run, folder, outputs):
    before = {path.name: path.read_bytes() for path in folder.glob("*.*")}
    status, _, err = run("quantize", *FILES[:3], *outputs)
    assert status == 1
    assert err.startswith("error: ")
    assert {path.name: path.read_bytes() for path in folder.glob("*.*")} == before


@pytest.mark.parametrize(
    ("place", "name"), [(0, "none.param"), (1, "none.bin"), (2, "none.table"), (4, "no/folder/x")]
)
def test_a_file_that_is_not_there_is_named_in_one_line(run, place, name):
    words = [*FILES]
    words[place] = name
    status, _, err = run("quantize", *words)
    assert status == 1
    assert len(err.splitlines()) == 1
    assert err.startswith("error: ")
    assert name.split("/")[0] in err


def test_wrong_usage_exits_2(run):
    assert run("quantize", *FILES[:4])[0] == 2
    assert run("quantize", *FILES, "--hope")[0] == 2


def test_help_tells_a_newcomer_what_it_is_for(run):
    status, out, _ = run("quantize", "--help")
    assert status == 0
    assert "Example" in out
    assert "quantize" in run("--help")[1]


def test_inspect_tells_what_is_wrong_with_a_table(run, folder):
    words = ("inspect", "m.param", "m.bin", "--table", "m.table")
    assert run(*words)[0] == 0
    edit(folder, "dw_param_0", "#dw_param_0")
    status, out, _ = run(*words)
    assert status == 1
    assert "error: m.table:6: row 'dw' has no partner 'dw_param_0'" in out
    assert "scale" in out

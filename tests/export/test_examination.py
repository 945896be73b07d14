from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import FormatError
from workbench.export.examination import examine, examine_table, mended
from workbench.export.int8 import int8_model
from workbench.formats.param import parse_param
from workbench.formats.table import format_table
from workbench.model import Model

SOUND = """conv1_param_0 20.0 21.0 22.0 23.0
dw_param_0 100.0 101.0 102.0 103.0
conv2_param_0 110.0 111.0 112.0 113.0
fc_param_0 120.0 121.0 122.0 123.0 124.0
conv1 30.0
dw 40.0
conv2 40.0
fc 50.0
"""


def told(text: str, model: Model) -> list[tuple[int, str, str]]:
    return [(f.line, f.severity, f.problem) for f in examine(text, model).findings]


def without(text: str, *rows: str) -> str:
    return "".join(line for line in text.splitlines(True) if line.split()[0] not in rows)


def test_a_sound_table_has_no_findings(model, tmp_path):
    (tmp_path / "m.table").write_text(SOUND)
    assert examine_table(tmp_path / "m.table", model) == ()
    table = mended(tmp_path / "m.table", model)
    assert table == examine(SOUND, model).table
    assert table.weights["dw"] == (100, 101, 102, 103)
    assert table.blobs == {"conv1": (30,), "dw": (40,), "conv2": (40,), "fc": (50,)}


def test_findings_come_in_the_order_of_the_lines(model, tmp_path):
    (tmp_path / "m.table").write_text("\n" + SOUND + "pool 1\nfc 2\n")
    lines = [finding.line for finding in examine_table(tmp_path / "m.table", model)]
    assert lines == [1, 10, 11]


def test_a_layer_without_rows_stays_float_and_is_no_slip(model):
    examined = examine(without(SOUND, "fc", "fc_param_0"), model)
    assert not examined.findings
    assert "fc" not in examined.table.blobs


def test_a_table_without_rows_is_a_warning(model):
    assert told("# nothing\n", model) == [(1, "warning", "the table has no rows")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("nothing 1", ""),
        ("nothing_param_0 1", ""),
        ("pool 1", " (pool is a Pooling)"),
        ("fc_param_1 1", ""),
    ],
)
def test_a_row_that_names_no_layer_is_dropped(model, row, reason):
    name = row.split()[0]
    problem = f"row '{name}' names no layer of the network that can be quantized{reason}"
    assert told(SOUND + row, model) == [(9, "error", problem)]
    assert examine(SOUND + row, model).mended == examine(SOUND, model).mended


def test_a_layer_whose_weights_come_from_outside_is_named():
    text = "7767517\n3 3\nInput a 0 1 a\nInput w 0 1 w\nConvolution c 2 1 a w c 0=1 1=1 19=1\n"
    ((_, _, problem),) = told("c 1\n", Model(parse_param(text), {}))
    assert problem.endswith("(c is a Convolution without weights in the .bin file)")


def test_a_name_that_is_nearly_right_is_renamed(model):
    text = SOUND.replace("conv1_param_0", "conv1_parm_0")
    (finding,) = examine(text, model).findings
    assert (finding.line, finding.severity) == (1, "error")
    assert finding.fix == "Rename it to 'conv1_param_0'."
    assert examine(text, model).mended == examine(SOUND, model).mended


@pytest.mark.parametrize(
    ("lacks", "there", "line", "does"),
    [
        ("fc", "fc_param_0", 4, "ignores the row and leaves the layer in float"),
        ("dw_param_0", "dw", 5, "leaves this ConvolutionDepthWise and every later one in float"),
    ],
)
def test_a_row_without_its_partner_goes_and_the_layer_stays_float(model, lacks, there, line, does):
    examined = examine(without(SOUND, lacks), model)
    (finding,) = examined.findings
    assert (finding.line, finding.severity) == (line, "error")
    assert finding.problem == f"row {there!r} has no partner {lacks!r}"
    assert finding.ncnn_does == does
    assert there.removesuffix("_param_0") not in examined.mended.weights | examined.mended.blobs
    assert len(examined.mended.blobs) == 3


def test_a_partner_that_is_a_comment_is_told(model):
    ((_, _, problem),) = told(SOUND.replace("dw_param_0", "#dw_param_0"), model)
    assert problem == "row 'dw' has no partner 'dw_param_0', which is a comment on line 2"


def test_a_broken_blob_scale_leaves_the_layer_in_float(model):
    examined = examine(SOUND.replace("fc 50.0", "fc nan"), model)
    assert set(examined.mended.blobs) == {"conv1", "dw", "conv2"}
    assert set(examined.mended.weights) == {"conv1", "dw", "conv2"}


def test_layers_that_share_an_int8_blob_get_one_scale_when_mended(model):
    examined = examine(SOUND.replace("conv2 40.0", "conv2 80.0"), model)
    (finding,) = examined.findings
    assert (finding.line, finding.severity, finding.row) == (7, "warning", "conv2")
    assert "comes out multiplied by 0.5" in finding.ncnn_does
    assert finding.fix == "Give it the scale of 'dw', 40.000000."
    assert examined.table.blobs["conv2"] == (80,)
    assert examined.mended.blobs["conv2"] == (40,)


def test_layers_that_share_a_float_blob_may_differ(model):
    text = without(SOUND, "conv1", "conv1_param_0").replace("conv2 40.0", "conv2 80.0")
    assert told(text, model) == []


def test_rows_of_a_layer_that_is_int8_already_are_an_error(model):
    int8 = int8_model(model, examine(SOUND, model).table)
    findings = examine(SOUND, int8).findings
    assert [finding.problem for finding in findings] == [
        f"layer {name} is int8 already" for name in ("conv1", "dw", "conv2", "fc")
    ]
    assert examine(SOUND, int8).mended.blobs == {}


def test_a_layer_whose_name_ncnn_takes_for_a_weight_row_is_told(model):
    text = "7767517\n2 2\nInput data 0 1 data\nInnerProduct a_param_1 1 1 data fc 0=5 1=1 2=40\n"
    odd = Model(parse_param(text), {"a_param_1": model.weights["fc"]})
    ((line, severity, problem),) = told("a_param_1_param_0 1 2 3 4 5\na_param_1 6\n", odd)
    assert (line, severity) == (2, "warning")
    assert problem == "the name of layer a_param_1 has '_param_' in it"


def test_the_table_of_another_network_is_told_quickly(model):
    rows = "".join(f"some/other_layer_{number}_param_0 1.0\n" for number in range(3000))
    assert len(examine(rows, model).findings) == 3000


def test_check_raises_the_cause_before_what_follows_from_it(model):
    examined = examine(SOUND.replace("fc ", "cf "), model)
    with pytest.raises(FormatError, match=r"m\.table:8: row 'cf' names no layer"):
        examined.check("m.table")


EDITS = (
    lambda rows, i, word: rows[:i] + rows[i + 1 :],
    lambda rows, i, word: [*rows[: i + 1], *rows[i:]],
    lambda rows, i, word: [*rows[:i], word, *rows[i:]],
    lambda rows, i, word: [*rows[:i], f"#{rows[i]}", *rows[i + 1 :]],
    lambda rows, i, word: [*rows[:i], f"{rows[i]} {word}", *rows[i + 1 :]],
    lambda rows, i, word: [*rows[:i], rows[i].replace(" ", "\t"), *rows[i + 1 :]],
    lambda rows, i, word: [*rows[:i], word + rows[i], *rows[i + 1 :]],
    lambda rows, i, word: [*rows[:i], rows[i].replace("0", word, 2), *rows[i + 1 :]],
    lambda rows, i, word: [*rows[:i], rows[i][:-3], *rows[i + 1 :]],
)
WORDS = st.sampled_from(["", " ", "inf", "nan", "-", "#", "1.5", "0", "\r", "\x00", "é"]) | st.text(
    max_size=4
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.sampled_from(EDITS), st.integers(0, 99), WORDS), max_size=6))
def test_whatever_a_person_does_to_a_table_it_can_be_mended(model, edits):
    rows = SOUND.splitlines()
    for edit, place, word in edits:
        rows = edit(rows, place % len(rows), word) or [""]
    table = examine("\n".join(rows), model).mended
    assert {finding.problem for finding in examine(format_table(table), model).findings} <= {
        "the table has no rows"
    }
    quantized = int8_model(model, table)
    for name, scales in table.blobs.items():
        kept = quantized.weight(name, "bottom_int8_scales")
        np.testing.assert_array_equal(kept, np.float32(scales))

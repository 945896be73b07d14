from __future__ import annotations

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import calibrate, with_weight_bits
from workbench.errors import FormatError, WorkbenchWarning
from workbench.export.table import load_table, save_table


@pytest.fixture
def plan(model, arrays):
    return calibrate(model, collect(model, arrays, progress=False))


def test_a_plan_comes_back_from_its_table(tmp_path, model, plan):
    save_table(plan, tmp_path / "m.table")
    back = load_table(tmp_path / "m.table", model)
    for one, two in zip(plan, back, strict=True):
        assert (one.layer, one.type, one.keep_float) == (two.layer, two.type, two.keep_float)
        np.testing.assert_allclose(one.scale, two.scale, rtol=1e-6)
        np.testing.assert_allclose(one.weight_scales, two.weight_scales, rtol=1e-6)


def test_a_float_layer_has_no_rows_and_comes_back_as_float(tmp_path, model, plan):
    save_table(plan.changed("dw", keep_float=True), tmp_path / "m.table")
    text = (tmp_path / "m.table").read_text()
    assert "dw" not in text
    back = load_table(tmp_path / "m.table", model)
    assert [d.layer for d in back if d.keep_float] == ["dw"]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda rows: rows.replace("fc ", "cf "), r"m\.table:8: row 'cf' names no layer"),
        (lambda rows: "".join(rows.splitlines(True)[1:]), "row 'conv1' has no partner"),
        (lambda rows: rows.replace("\nfc ", "\n# fc "), "row 'fc_param_0' has no partner 'fc'"),
        (lambda rows: rows.replace("\nfc ", "\nfc 1.0 "), "has 2 numbers, the layer needs 1"),
        (lambda rows: rows.replace("dw_param_0 ", "dw_param_0 1 "), "has 5 numbers, .* needs 4"),
    ],
)
def test_a_table_that_does_not_fit_the_network_is_named_by_its_line(
    tmp_path, model, plan, edit, message
):
    path = tmp_path / "m.table"
    save_table(plan, path)
    path.write_text(edit(path.read_text()))
    with pytest.raises(FormatError, match=message):
        load_table(path, model)


def test_the_scales_of_a_table_come_back_to_the_last_digit(tmp_path, model, plan):
    rng = np.random.default_rng(0)
    for scale in np.exp(rng.uniform(-8, 8, 50)):
        text = "".join(
            f"fc {scale:.6f} \n" if row.startswith("fc ") else row
            for row in written(plan, tmp_path).splitlines(True)
        )
        (tmp_path / "a.table").write_text(text)
        back = load_table(tmp_path / "a.table", model)["fc"]
        assert back.scale == np.float32(f"{scale:.6f}")


def written(plan, folder):
    save_table(plan, folder / "m.table")
    return (folder / "m.table").read_text()


def test_what_ncnn_would_misread_is_a_warning_and_is_read_as_meant(tmp_path, model, plan):
    rows = written(plan, tmp_path).splitlines(True)
    (tmp_path / "gap.table").write_text("".join([*rows[:3], "\n", *rows[3:]]))
    with pytest.warns(WorkbenchWarning, match=r"gap\.table:4: the line is empty.*ncnn stops"):
        back = load_table(tmp_path / "gap.table", model)
    assert back == load_table(tmp_path / "m.table", model)


def test_an_error_says_what_to_do_and_what_ncnn_would_do(tmp_path, model, plan):
    (tmp_path / "two.table").write_text(written(plan, tmp_path) + "fc 1.0 \n")
    with pytest.raises(FormatError, match=r"stands already.*Delete.*ncnn uses the last one"):
        load_table(tmp_path / "two.table", model)


def test_six_bits_are_found_again_in_the_scales(tmp_path, model, plan):
    save_table(plan, tmp_path / "6.table")
    assert {d.layer for d in load_table(tmp_path / "6.table", model) if d.bits == 6} == {"conv1"}
    save_table(with_weight_bits(model, plan, "conv1", 8), tmp_path / "8.table")
    assert all(d.bits == 8 for d in load_table(tmp_path / "8.table", model))

from __future__ import annotations

import json

import pytest

FILES = ("m.param", "m.bin")


@pytest.fixture
def table(run):
    run("calibrate", *FILES, "npy", "--table", "m.table")
    return "m.table"


def test_compare_prints_a_line_for_each_layer(run, table):
    status, out, _ = run("compare", *FILES, table, "npy", "--limit", "2")
    assert status == 0
    assert "scheme requantize, 2 images" in out
    assert all(name in out for name in ("conv1", "dw", "conv2", "fc", "prob"))


def test_the_figures_go_to_a_json_file(run, files, table):
    run("compare", *FILES, table, "npy", "--json", "c.json")
    rows = json.loads((files / "c.json").read_text())
    keys = ("layer", "type", "blob", "cosine", "angle_degrees", "mae", "mre", "mre_filtered")
    assert all(key in row for row in rows for key in (*keys, "sqnr_db"))
    assert [row["layer"] for row in rows][:2] == ["conv1", "dw"]


def test_all_schemes_are_compared_by_name(run, files, table):
    status, out, _ = run("compare", *FILES, table, "npy", "--scheme", "all", "--json", "c.json")
    assert status == 0
    names = {row["scheme"] for row in json.loads((files / "c.json").read_text())}
    assert {"dequantize", "requantize"} <= names
    assert all(f"scheme {name}" in out for name in names)


def test_a_report_and_golden_vectors_are_written(run, files, table):
    words = ("--limit", "1", "--html", "c.html", "--dump", "golden")
    assert run("compare", *FILES, table, "npy", *words)[0] == 0
    assert "<svg" in (files / "c.html").read_text()
    assert (files / "golden" / "0000" / "conv1.npy").exists()
    assert (files / "golden" / "manifest.json").exists()


def test_float_and_int8_can_be_timed(run, table):
    status, out, _ = run("compare", *FILES, table, "npy", "--limit", "1", "--time", "1")
    assert status == 0
    assert "whole network" in out
    assert "times as fast" in out


def test_right_answers_are_counted_when_labels_are_given(run, files, table):
    (files / "labels.txt").write_text("".join(f"{n}.npy {n % 5}\n" for n in range(6)))
    status, out, _ = run("compare", *FILES, table, "npy", "--labels", "labels.txt")
    assert status == 0
    assert "top-1 on 6 images: float " in out
    (files / "labels.txt").write_text("0.npy 1\n")
    status, _, err = run("compare", *FILES, table, "npy", "--labels", "labels.txt")
    assert status == 1
    assert "no label for '1.npy'" in err


def test_the_output_with_the_class_scores_is_named(run, files, table):
    words = ("--limit", "1", "--labels", "labels.txt", "--output")
    (files / "labels.txt").write_text("0.npy 1\n")
    assert run("compare", *FILES, table, "npy", *words, "prob")[0] == 0
    status, _, err = run("compare", *FILES, table, "npy", *words, "fc")
    assert status == 1
    assert "no output fc" in err
    assert "It has prob." in err
    assert run("compare", *FILES, table, "npy", "--output", "prob")[0] == 2


def test_golden_vectors_are_of_one_scheme(run, table):
    assert run("compare", *FILES, table, "npy", "--scheme", "all", "--dump", "d")[0] == 2


def test_a_table_of_another_network_fails_with_its_line(run, files, table):
    (files / table).write_text("other_param_0 1.0\nother 1.0\n")
    status, _, err = run("compare", *FILES, table, "npy")
    assert status == 1
    assert "m.table:1" in err

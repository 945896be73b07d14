from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.formats import table_rows
from workbench.formats.table_rows import number_for_ncnn, parse_scale, scan_table


def told(text: str) -> list[tuple[int, str, str]]:
    return [(f.line, f.severity, f.problem) for f in scan_table(text).findings]


def test_a_sound_table_has_no_findings():
    scan = scan_table("conv_param_0 1.0 2.0 \n  conv 3.0\r\nfc 4.0")
    assert not scan.findings
    assert {row.name: (row.line, row.words) for row in scan.rows.values()} == {
        "conv_param_0": (1, ("1.0", "2.0")),
        "conv": (2, ("3.0",)),
        "fc": (3, ("4.0",)),
    }


def test_comments_are_no_rows_and_are_remembered():
    scan = scan_table("# by hand\n#conv 2.0\n  # fc 1\nfc 3.0\n")
    assert list(scan.rows) == ["fc"]
    assert scan.comments == {"by": 1, "conv": 2, "fc": 3}
    assert not scan.findings


def test_a_row_whose_known_name_begins_with_a_number_sign_is_no_comment():
    assert list(scan_table("#1 2.0\n#2 3.0\n", known={"#1"}).rows) == ["#1"]


def test_an_empty_line_is_told_with_the_number_of_rows_that_ncnn_loses():
    (finding,) = scan_table("a 1\n \nb 2\n# c\n\nd 3\n").findings
    assert (finding.line, finding.severity, finding.problem) == (2, "warning", "the line is empty")
    assert finding.ncnn_does == "stops reading here, and 2 rows below are lost"


def test_empty_lines_at_the_end_do_no_harm():
    assert not told("a 1\n\n\n# the end\n")


def test_a_line_of_tabs_is_no_row():
    (finding,) = scan_table("a 1\n\t\nb 2\n").findings
    assert "in place of another row" in finding.ncnn_does


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a 1\nb\t1\n", 2, "row 'b' has tabs"),
        ("a 1\nb 1 # measured\n", 2, "row 'b' has a comment at its end"),
        ("a 1\nb 1\x00\n", 2, "row 'b' has control characters"),
        (f"a 1\n{'b' * 256} 1\n", 2, f"row '{'b' * 256}' has a name of more than 255 bytes"),
        ("\ufeffa 1\nb 2\n", 1, "the file begins with a byte order mark"),
        ("a 1\nb 1\rc 2\n", 2, "the line ends in a carriage return without a line feed"),
    ],
)
def test_what_ncnn_would_misread_is_a_warning(text, line, problem):
    assert told(text) == [(line, "warning", problem)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_are_the_same_whatever_ends_the_lines(end):
    assert list(scan_table(end.join(["a 1", "# b 2", "c 3", ""])).rows) == ["a", "c"]


def test_a_line_longer_than_ncnns_buffer_is_told(monkeypatch):
    monkeypatch.setattr(table_rows, "_LINE_BYTES", 20)
    assert told("a 1.000000 2.000000\n") == []
    assert told("a 1.000000 2.000000 3\n") == [(1, "warning", "row 'a' has more than 20 bytes")]


def test_of_two_rows_with_one_name_the_last_counts():
    scan = scan_table("a 1\nb 2\na 3\n")
    assert scan.rows["a"].words == ("3",)
    (finding,) = scan.findings
    assert (finding.line, finding.severity) == (3, "error")
    assert finding.problem == "row 'a' stands already on line 1"


@pytest.mark.parametrize(
    "word", ["inf", "-1.0", "0", "nan", "x", "1e999", "1e-31", "1,5", "1_0", "0x10", "", "١"]
)
def test_a_word_that_is_no_scale_is_none(word):
    assert parse_scale(word) == 0


@pytest.mark.parametrize(
    ("word", "scale"), [("1", 1.0), ("+2.5", 2.5), (".5", 0.5), ("3.", 3.0), ("1e-3", 0.001)]
)
def test_a_word_that_is_a_scale_is_read(word, scale):
    assert parse_scale(word) == scale


@pytest.mark.parametrize(
    ("word", "number"),
    [("1,5", 1.0), ("-2x", -2.0), ("inf", math.inf), ("Infinity", math.inf), ("x1", None)],
)
def test_ncnn_reads_what_it_can_of_a_word(word, number):
    assert number_for_ncnn(word) == number


@given(st.text())
def test_any_text_is_parted(text):
    scan = scan_table(text)
    assert all(row.name and row.line >= 1 for row in scan.rows.values())


def test_a_finding_says_it_all_in_one_line():
    (finding,) = scan_table("a 1\n\nb 2").findings
    assert finding.message("m.table") == (
        "m.table:2: the line is empty. Delete the line."
        " As it is, ncnn stops reading here, and 1 rows below are lost."
    )

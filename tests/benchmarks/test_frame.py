from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.frame import ROOT, Row, best, parser_of, present, read, table, write


def test_a_row_fails_beyond_its_limit_only():
    assert Row("a", 3.0, 2.0, "b", "ms", limit=1.4).failed
    assert not Row("a", 3.0, 2.0, "b", "ms", limit=1.5).failed
    assert not Row("a", 3.0, 2.0, "b", "ms").failed


def test_rows_come_back_from_the_file(tmp_path):
    rows = [Row("a", 3.0, 2.0, "b", "ms", 1.4), Row("c", 1.0, 2.0, "d", "MB")]
    write(rows, tmp_path / "rows.json", machine="a machine")
    assert read(tmp_path / "rows.json") == rows


def test_the_table_has_a_line_for_each_row_and_marks_what_is_over():
    lines = table([Row("a", 3.0, 2.0, "b", "ms", 1.4), Row("c", 1.0, 2.0, "d", "MB")]).splitlines()
    assert lines[2:] == [
        "| a | 3 ms | b | 2 ms | 1.50 (over 1.4) |",
        "| c | 1 MB | d | 2 MB | 0.50 |",
    ]


def test_all_take_turns():
    turns = []
    times = best({"a": lambda: turns.append("a"), "b": lambda: turns.append("b")}, rounds=3)
    assert turns == ["a", "b"] * 3
    assert set(times) == {"a", "b"}


def test_a_benchmark_beyond_its_limit_ends_with_an_error(monkeypatch, capsys):
    def measure(_: argparse.Namespace) -> list[Row]:
        return [Row("a", 3.0, 2.0, "b", "ms", 1.4)]

    monkeypatch.setattr(sys, "argv", ["benchmark"])
    with pytest.raises(SystemExit, match="slower than its limit"):
        present(measure, parser_of("What it measures."))
    assert "over 1.4" in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_can_be_started_alone(name):
    command = [sys.executable, "-m", f"benchmarks.{name}", "--help"]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert child.returncode == 0, child.stderr
    assert "--json" in child.stdout

"""The rows of a calibration table as a person left them, and the slips that ncnn would misread.

The format is told in `workbench.formats.table`. Source of what ncnn does: Tencent/ncnn,
tools/quantize/ncnn2int8.cpp, read_int8scale_table.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]

LEAST_SCALE = 1e-30
"""ncnn's converter writes anything smaller as 0."""
MOST_SCALE = 3.4028234663852886e38

_LINE_BYTES = 10240000 - 2  # ncnn's buffer, without the newline and the closing zero
_NAME_BYTES = 255
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_READABLE = re.compile(rf"{_NUMBER.pattern}|[+-]?(inf|nan)", re.IGNORECASE)
_LINE_END = re.compile(r"\r*\n|\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Finding:
    """Something in a table that ncnn would not read as it is meant.

    Attributes:
        line: where, counted from 1.
        row: the row's name, or "" if the line is none.
        severity: "error" if the table cannot be used as it is, "warning" if what is meant is
            clear.
        problem: what is wrong.
        ncnn_does: what ncnn's converter would silently make of it.
        fix: what mends it; `workbench.mended` does just this.
    """

    line: int
    row: str
    severity: Severity
    problem: str
    ncnn_does: str
    fix: str

    @property
    def advice(self) -> str:
        """What to do, and what would happen otherwise."""
        return f"{self.fix} As it is, ncnn {self.ncnn_does}."

    def message(self, table: object) -> str:
        """The whole of it in one line; `table` names the file."""
        return f"{table}:{self.line}: {self.problem}. {self.advice}"


class Row(NamedTuple):
    """A row as it stands in the file: its line, its name, and the words after it."""

    line: int
    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Scan:
    """The rows of a text and what is wrong with its lines.

    Attributes:
        rows: each row by its name; of several with one name the last, as in ncnn.
        comments: the line of each row that is commented out, by the row's name.
        findings: in the order of the lines.
    """

    rows: Mapping[str, Row]
    comments: Mapping[str, int]
    findings: tuple[Finding, ...]


def parse_scale(word: str) -> float:
    """Return the number that a word stands for, or 0.0 if it is no scale that ncnn can use."""
    scale = float(word) if _NUMBER.fullmatch(word) else 0.0
    return scale if LEAST_SCALE <= scale <= MOST_SCALE else 0.0


def number_for_ncnn(word: str) -> float | None:
    """Return the number that ncnn reads from the beginning of a word, or None if there is none."""
    readable = _READABLE.match(word)
    return float(readable[0]) if readable else None


def scan_table(text: str, known: Collection[str] = ()) -> Scan:
    """Part a table's text into rows, as they are meant, and note what ncnn would misread.

    Args:
        text: the table.
        known: names of rows that are no comments even if they begin with `#`.
    """
    lines = _LINE_END.split(text.removeprefix("\ufeff"))
    words = [_words(line) for line in lines]
    found = [*_byte_order_mark(text), *_carriage_return(text)]
    rows: dict[str, Row] = {}
    comments: dict[str, int] = {}
    for number, (line, (name, *rest)) in enumerate(zip(lines, words, strict=True), 1):
        if name.startswith("#") and name not in known:
            comments[" ".join([name, *rest]).lstrip("# ").split(" ")[0]] = number
        elif name:
            row = Row(number, name, _before_comment(rest))
            found += _line_findings(row, line, len(rest) > len(row.words))
            found += _duplicate(row, rows.get(name))
            rows[name] = row
    found += _empty_line(lines, rows.values())
    return Scan(rows, comments, tuple(sorted(found, key=lambda finding: finding.line)))


def _words(line: str) -> list[str]:
    return re.findall(r"[^ \t]+", _CONTROL.sub(" ", line)) or [""]


def _before_comment(words: list[str]) -> tuple[str, ...]:
    end = next((i for i, word in enumerate(words) if word.startswith("#")), len(words))
    return tuple(words[:end])


def _byte_order_mark(text: str) -> Iterator[Finding]:
    if text.startswith("\ufeff"):
        yield Finding(
            line=1,
            row="",
            severity="warning",
            problem="the file begins with a byte order mark",
            ncnn_does="takes it for a part of the first row's name, and does not find that layer",
            fix="Save the file as UTF-8 without BOM.",
        )


def _carriage_return(text: str) -> Iterator[Finding]:
    if alone := re.search(r"\r+(?![\r\n])(?=.)", text, re.DOTALL):
        yield Finding(
            line=len(_LINE_END.findall(text, 0, alone.start())) + 1,
            row="",
            severity="warning",
            problem="the line ends in a carriage return without a line feed",
            ncnn_does="ignores all that follows up to the next line feed",
            fix="Save the file with line feeds at the ends of lines.",
        )


def _empty_line(lines: list[str], rows: Iterable[Row]) -> Iterator[Finding]:
    empty = next((n for n, line in enumerate(lines, 1) if not line.strip(" \t")), len(lines))
    if lost := sum(row.line > empty for row in rows):
        yield Finding(
            line=empty,
            row="",
            severity="warning",
            problem="the line is empty",
            ncnn_does=f"stops reading here, and {lost} rows below are lost"
            if not lines[empty - 1].strip(" ")
            else "takes it for a row without numbers, in place of another row",
            fix="Delete the line.",
        )


def _line_findings(row: Row, line: str, commented: bool) -> Iterator[Finding]:
    checks = (
        (
            _CONTROL.search(line),
            "control characters",
            "reads the row otherwise than it looks",
            "Put blanks in their place.",
        ),
        (
            "\t" in line,
            "tabs",
            "parts words at blanks only, and reads one number of each word",
            "Put blanks in their place.",
        ),
        (
            commented,
            "a comment at its end",
            "reads a number for each word of it",
            "Give the comment a line of its own, which begins with #.",
        ),
        (
            len(line) > _LINE_BYTES // 4 and len(line.encode()) > _LINE_BYTES,
            f"more than {_LINE_BYTES} bytes",
            "takes what lies beyond for a row of its own",
            "Write fewer digits.",
        ),
        (
            len(row.name.encode()) > _NAME_BYTES,
            f"a name of more than {_NAME_BYTES} bytes",
            "cuts the name off, and does not find the layer",
            "Give the layer a shorter name in the .param file.",
        ),
    )
    for true, what, ncnn_does, fix in checks:
        if true:
            problem = f"row {row.name!r} has {what}"
            yield Finding(row.line, row.name, "warning", problem, ncnn_does, fix)


def _duplicate(row: Row, earlier: Row | None) -> Iterator[Finding]:
    if earlier:
        yield Finding(
            line=row.line,
            row=row.name,
            severity="error",
            problem=f"row {row.name!r} stands already on line {earlier.line}",
            ncnn_does="uses the last one",
            fix="Delete all but the last one.",
        )

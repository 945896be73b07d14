"""What the benchmarks share: rows, taking turns, one table, one JSON.

Each benchmark is a module with a function that returns rows, and ends with `present`. Whatever
a row compares is measured in the same run and takes turns, so that a busy machine disturbs both
alike. This file imports nothing heavy, for a process counts the memory of the one that starts it
as its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

Calls = Mapping[str, Callable[[], object]]


@dataclass(frozen=True)
class Row:
    """One figure, and what it is compared with; of both less is better.

    Attributes:
        name: what was measured.
        ours: the figure.
        against: the figure that it is compared with.
        compared: what that is.
        unit: of both.
        limit: the largest ratio that is no failure; None if any is allowed.
    """

    name: str
    ours: float
    against: float
    compared: str
    unit: str
    limit: float | None = None

    @property
    def ratio(self) -> float:
        """ours / against."""
        return self.ours / self.against

    @property
    def failed(self) -> bool:
        """Whether it is beyond its limit."""
        return self.limit is not None and self.ratio > self.limit


def best(calls: Calls, rounds: int) -> dict[str, float]:
    """The shortest time of each in seconds, of rounds in which all take turns."""
    times = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name] = min(times[name], time.perf_counter() - start)
    return times


def table(rows: Iterable[Row]) -> str:
    """The rows as a table for Markdown."""
    lines = ["| what | ours | compared with | that | ratio |", "| --- | ---: | --- | ---: | ---: |"]
    for row in rows:
        over = f" (over {row.limit:g})" if row.failed else ""
        figures = f"{row.ours:.3g} {row.unit} | {row.compared} | {row.against:.3g} {row.unit}"
        lines.append(f"| {row.name} | {figures} | {row.ratio:.2f}{over} |")
    return "\n".join(lines)


def write(rows: Iterable[Row], path: Path, **about: Any) -> None:
    """Write the rows as JSON: `about`, and a list of objects under "rows"."""
    found = [{**asdict(row), "ratio": row.ratio} for row in rows]
    path.write_text(json.dumps({**about, "rows": found}, indent=2) + "\n", encoding="utf-8")


def read(path: Path) -> list[Row]:
    """Read the rows that `write` wrote."""
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return [Row(**{key: value for key, value in row.items() if key != "ratio"}) for row in rows]


def parser_of(about: str) -> argparse.ArgumentParser:
    """A parser of the options that every benchmark has."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser


def present(measure: Callable[[argparse.Namespace], list[Row]], parser: Any) -> None:
    """Run a benchmark, print its table, and end with status 1 if a row is beyond its limit."""
    options = parser.parse_args()
    rows = measure(options)
    print(table(rows))
    if options.json:
        write(rows, options.json)
    if any(row.failed for row in rows):
        sys.exit("slower than its limit")

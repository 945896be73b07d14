"""Time the whole command against the work of ncnn's own tool in C++, in turns.

    python -m benchmarks.tool PROGRAM PARAM BIN LIST --shape W,H,3 --mean B,G,R [--norm B,G,R]
                              [--threads N ...] [--rounds N] [--json FILE]

PROGRAM is benchmarks/ncnn_tool.cpp, built as docs/benchmarks.md says. LIST is a text file with
the path of a picture on each line. Not part of `make bench`, for it needs ncnn's source.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.frame import Row, best, parser_of, present
from benchmarks.startup import COMMAND, run

MOST = 0.5
"""Of the tool's time, which takes two passes."""


def measure(options: argparse.Namespace) -> list[Row]:
    files = [str(Path(name).resolve()) for name in (options.param, options.bin, options.list)]
    with TemporaryDirectory() as folder:
        command = [*COMMAND, "calibrate", *files, "--table", str(Path(folder, "m.table"))]
        command += ["--shape", options.shape, "--mean", options.mean, "--norm", options.norm]
        size = options.shape.split(",")[:2]
        calls = {}
        for threads in map(str, options.threads):
            tool = [options.program, *files, threads, *size, options.mean, options.norm]
            ours = [*command, "--threads", threads]
            calls[f"calibrate, {threads} thread(s)"] = lambda ours=ours: run(ours)
            calls[f"tool, {threads} thread(s)"] = lambda tool=tool: subprocess.run(
                tool, check=True, capture_output=True
            )
        times = iter(best(calls, options.rounds).items())
    return [
        Row(name, ours, theirs, what, "s", MOST)
        for (name, ours), (what, theirs) in zip(times, times, strict=True)
    ]


if __name__ == "__main__":
    options = parser_of(__doc__)
    for name in ("program", "param", "bin", "list"):
        options.add_argument(name)
    options.add_argument("--shape", required=True)
    options.add_argument("--mean", required=True)
    options.add_argument("--norm", default="1,1,1")
    options.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options.add_argument("--rounds", type=int, default=3)
    present(measure, options)

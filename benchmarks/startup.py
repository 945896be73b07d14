"""Time what comes before the work: import, --help, and a calibration on 20 images.

    python -m benchmarks.startup [--rounds N] [--json FILE]

Each is a process of its own. Cold means that Python's compiled files are not there; warm is the
same command once more.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.frame import Row, best, parser_of, present
from workbench.samples import Sample, sample

COMMAND = (sys.executable, "-c", "from workbench.cli import main; main()")
IMAGES = 20
SECONDS = 3.0
"""The longest that the command on 20 images may take."""


def measure(options: argparse.Namespace) -> list[Row]:
    python = [sys.executable, "-c"]
    chosen = sample("mobilenet_v2")
    with TemporaryDirectory() as folder:
        calibrate = [*COMMAND, *arguments(chosen), "--table", str(Path(folder, "t"))]
        calls = {
            "python that imports numpy": [*python, "import numpy"],
            "python that imports numpy and ncnn": [*python, "import numpy, ncnn"],
            "import workbench": [*python, "import workbench"],
            "workbench --help": [*COMMAND, "--help"],
            "calibrate": calibrate,
        }
        times = best({name: lambda w=w: run(w) for name, w in calls.items()}, options.rounds)
        cold = cold_time(calibrate, folder)
    base = "python that imports numpy"
    rows = [Row(f"{n}, warm", times[n], times[base], base, "s") for n in list(calls)[2:4]]
    name, limit = f"workbench calibrate on {IMAGES} images", "its limit"
    return [
        *rows,
        Row(f"{name}, warm", times["calibrate"], SECONDS, limit, "s", 1.0),
        Row(f"{name}, cold", cold, SECONDS, limit, "s"),
        Row(
            f"{name}, warm",
            times["calibrate"],
            times["python that imports numpy and ncnn"],
            "python that imports numpy and ncnn",
            "s",
        ),
    ]


def arguments(chosen: Sample) -> list[str]:
    lists = {key: ",".join(map(str, chosen.input[key])) for key in ("shape", "mean", "norm")}
    words = [f"--{key}={value}" for key, value in lists.items()]
    files = [str(path) for path in (chosen.param, chosen.bin, chosen.calibration)]
    limit = [f"--pixel={chosen.input['pixel']}", f"--limit={IMAGES}"]
    return ["calibrate", *files, *words, *limit]


def cold_time(command: list[str], folder: str) -> float:
    """Seconds of a command without any file that an earlier run compiled."""
    start = time.perf_counter()
    run(command, {"PYTHONPYCACHEPREFIX": str(Path(folder, "bytecode"))})
    return time.perf_counter() - start


def run(command: list[str], settings: Mapping[str, str] | None = None) -> None:
    """Run a command as Python's defaults have it, which keep compiled files."""
    environment = {key: os.environ[key] for key in os.environ if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= settings or {}
    subprocess.run(command, env=environment, check=True, capture_output=True)


if __name__ == "__main__":
    options = parser_of(__doc__)
    options.add_argument("--rounds", type=int, default=3)
    present(measure, options)

"""Run the benchmarks, each in a process of its own, and print one table.

python -m benchmarks [NAME ...] [--json FILE]
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from importlib.metadata import distributions, version
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.frame import ROOT, Row, parser_of, read, table, write

NAMES = ("searches", "collection", "simulator", "incremental", "page", "startup", "memory")
PACKAGES = ("ncnn", "numpy", "llvmlite")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME", help=", ".join(NAMES))
    options = parser.parse_args()
    rows = [row for name in options.names for row in rows_of(name)]
    print(f"\n{about()['machine']}; less is better\n\n{table(rows)}")
    if options.json:
        write(rows, options.json, **about())
    if failed := [row.name for row in rows if row.failed]:
        sys.exit("slower than its limit: " + "; ".join(failed))


def rows_of(name: str) -> list[Row]:
    """Run one benchmark."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    with TemporaryDirectory() as folder:
        file = Path(folder, "rows.json")
        command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(file)]
        child = subprocess.run(
            command, cwd=ROOT, env=os.environ | ONE_THREAD, capture_output=True, text=True
        )
        if not file.exists():
            sys.exit(f"{name} did not come to its end: {child.stderr}")
        return read(file)


def about() -> dict[str, str]:
    """When and on what the figures were measured."""
    installed = {found.name for found in distributions()}
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES if name in installed)
    system = f"{platform.system()}, Python {platform.python_version()}"
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{processor()}, {os.cpu_count()} cores, {system}, {packages}",
        "commit": commit(),
    }


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def commit() -> str:
    """The commit that was measured, if this is a clone."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


if __name__ == "__main__":
    main()

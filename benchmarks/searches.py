"""Time every threshold search against the plain compiled loop, in one run on one core.

    python -m benchmarks.searches [--rounds N] [--json FILE]

The loops are those that the tests trust (tests/numerics/thresholds/plain.py). Fast and plain take
turns on the same histograms, and of each the best round counts, so that a busy machine disturbs
both alike.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.frame import ROOT, Row, best, parser_of, present
from workbench.numerics.histogram import Histogram
from workbench.numerics.noise import error_split
from workbench.numerics.thresholds import METHODS, threshold_distribution

PLAIN = ROOT / "tests" / "numerics" / "thresholds" / "plain.py"
SHAPES = ("laplace", "relu", "gamma", "student", "bump", "decay")


def load_plain() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plain", PLAIN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def calls_on(counts: Any, plain: ModuleType) -> dict[str, Callable[[], object]]:
    histogram = Histogram(counts, 6.0, blob_size=int(counts.sum()))
    searches = {name: (lambda search=search: search(histogram)) for name, search in METHODS.items()}

    def plain_threshold_distribution() -> object:
        raised = plain.raised(counts, np.float32(1e-5))
        return plain.threshold_distribution(plain.normalised(raised), 128)

    return {
        "kl, plain loop": lambda: plain.kl(counts, 128),
        "threshold-distribution, plain loop": plain_threshold_distribution,
        **searches,
        "threshold-distribution, no floor": lambda: threshold_distribution(histogram, floor=None),
        "error split of one threshold": lambda: error_split(histogram, 3.0),
    }


def measure(options: argparse.Namespace) -> list[Row]:
    """Milliseconds for a layer of 2048 bins, the mean of some histograms."""
    plain = load_plain()
    timings = [best(calls_on(plain.drawn(shape, 0), plain), options.rounds) for shape in SHAPES]
    times = {name: sum(t[name] for t in timings) / len(timings) * 1e3 for name in timings[0]}
    loops = {name: f"{name}, plain loop" for name in times if f"{name}, plain loop" in times}
    return [
        Row(name, ours, times[loops.get(name, "kl")], loops.get(name, "kl"), "ms")
        for name, ours in times.items()
        if name not in loops.values()
    ]


if __name__ == "__main__":
    parser = parser_of(__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    present(measure, parser)

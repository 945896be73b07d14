"""Time every threshold search against the plain compiled loop, in one run on one core.

    python benchmarks/searches.py [--rounds N] [--json FILE]

The loops are those that the tests trust (tests/numerics/thresholds/plain.py). Fast and plain take
turns on the same histograms, and of each the best round counts, so that a busy machine disturbs
both alike.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from workbench.numerics.histogram import Histogram
from workbench.numerics.noise import error_split
from workbench.numerics.thresholds import METHODS, threshold_distribution

PLAIN = Path(__file__).parents[1] / "tests" / "numerics" / "thresholds" / "plain.py"
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


def best_of(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def measure(rounds: int) -> dict[str, float]:
    plain = load_plain()
    timings = [best_of(calls_on(plain.drawn(shape, 0), plain), rounds) for shape in SHAPES]
    return {name: sum(t[name] for t in timings) / len(timings) * 1e3 for name in timings[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    milliseconds = measure(options.rounds)
    ratios = {
        name: milliseconds[f"{name}, plain loop"] / milliseconds[name]
        for name in ("kl", "threshold-distribution")
    }
    print(f"milliseconds a layer (2048 bins), mean of {len(SHAPES)} histograms")
    for name, value in milliseconds.items():
        print(f"  {name:36}{value:9.3f}")
    for name, value in ratios.items():
        print(f"{name} is {value:.1f} times as fast as the plain compiled loop")
    if options.json:
        options.json.write_text(
            json.dumps({"milliseconds": milliseconds, "times_as_fast": ratios}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()

"""Time the live errors: from a change of a threshold to the errors on four probes.

    python benchmarks/live.py [PARAM BIN INPUTS] [--shape W,H,C] [--mean A,B,C] [--norm A,B,C]
                              [--pixel BGR|RGB|GRAY] [--rounds N] [--json FILE]

Without arguments the sample networks. Each threshold is changed `--rounds` times; what is timed
is what an observer of the report sees: the changed layer's own error, the accumulated error of
every layer, and all that follows. A drag is sent at 60 events a second, and timed from its last
event. It ends with status 1 if a median is beyond its limit.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before NumPy is imported

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np

from workbench.calibration.collect import collect
from workbench.calibration.inputs import ImageFolder
from workbench.calibration.plan import Plan
from workbench.model import Model, load_model
from workbench.samples import samples
from workbench.session import LiveReport, Session

PROBES = 4
OWN_LIMIT_MS = 300.0
SAMPLE_LIMIT_MS = 1000.0
OTHER_LIMIT_MS = 3000.0
DRAG_EVENTS = 90
EVENT_S = 1 / 60
Milliseconds = dict[str, list[float]]


@dataclass
class Watch:
    """Notes when each kind of figure of the newest plan is first seen to be fresh."""

    layer: str
    plan: Plan | None = None
    seen: dict[str, float] = field(default_factory=dict)

    def __call__(self, change: Mapping[str, LiveReport]) -> None:
        """Look at a report: an observer."""
        report, now = change["new"], time.perf_counter()
        if report.plan is not self.plan:
            self.plan, self.seen = report.plan, {}
        for kind, is_there in kinds(report, self.layer).items():
            if is_there:
                self.seen.setdefault(kind, now)


def kinds(report: LiveReport, layer: str) -> dict[str, bool]:
    return {
        "own error": report.own[layer].fresh,
        "accumulated": all(figure.fresh for figure in report.accumulated.values()),
        "causes": report.causes[layer].fresh,
        "settled": report.settled,
    }


def timed(session: Session, layer: str, thresholds: Sequence[float]) -> dict[str, float]:
    """Drag a threshold; milliseconds from the last event until each kind of figure is there."""
    watch = Watch(layer)
    session.errors.observe(watch, "report")
    for number, threshold in enumerate(thresholds):
        time.sleep(EVENT_S if number else 0)
        start = time.perf_counter()
        session.set_threshold(layer, threshold, gesture=thresholds)
    session.errors.drain()
    session.errors.unobserve(watch, "report")
    return {kind: (at - start) * 1e3 for kind, at in watch.seen.items()}


def measure(session: Session, rounds: int) -> dict[str, Milliseconds]:
    """Change and drag the first, a middle and the last layer."""
    layers, found = session.layers, {}
    places = {"first": layers[0], "middle": layers[len(layers) // 2], "last": layers[-1]}
    rng = np.random.default_rng(0)
    for place, layer in places.items():
        session.select(layer)
        session.errors.drain()
        start = session.plan[layer].threshold
        for what, events, times in (("one change", 1, rounds), ("a drag's end", DRAG_EVENTS, 3)):
            drags = start * rng.uniform(0.5, 1, (times, events))
            results = [timed(session, layer, tuple(drag)) for drag in drags.tolist()]
            found[f"{place} layer, {what}"] = joined(results)
    return found


def joined(times: list[dict[str, float]]) -> Milliseconds:
    return {kind: [each[kind] for each in times if kind in each] for kind in times[0]}


def session_of(model: Model, inputs: ImageFolder) -> Session:
    stats = collect(model, inputs[:16], progress=False)
    session = Session(model, stats, probes=inputs[:PROBES])
    start = time.perf_counter()
    session.errors.drain(600)
    print(f"  first report settled after {time.perf_counter() - start:.2f} s")
    return session


def sessions(options: argparse.Namespace) -> dict[str, tuple[Session, float]]:
    if options.param:
        settings = {key: getattr(options, key) for key in ("shape", "mean", "norm")}
        images = ImageFolder(options.inputs, pixel=options.pixel, **settings)
        session = session_of(load_model(options.param, options.bin), images)
        return {Path(options.param).stem: (session, OTHER_LIMIT_MS)}
    return {
        name: (session_of(sample.load(), sample.images()), SAMPLE_LIMIT_MS)
        for name, sample in samples().items()
    }


def numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("param", nargs="?")
    parser.add_argument("bin", nargs="?")
    parser.add_argument("inputs", nargs="?")
    parser.add_argument("--shape", type=lambda t: tuple(map(int, t.split(","))), default=None)
    parser.add_argument("--mean", type=numbers, default=(0.0, 0.0, 0.0))
    parser.add_argument("--norm", type=numbers, default=(1.0, 1.0, 1.0))
    parser.add_argument("--pixel", default="BGR")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result, slow = {}, []
    for name, (session, limit) in sessions(options).items():
        result[name] = measure(session, options.rounds)
        print(f"{name}: {len(session.layers)} layers; milliseconds, median and worst")
        for what, times in result[name].items():
            for kind, each in times.items():
                print(f"  {what:26s} {kind:12s} {median(each):8.0f} {max(each):8.0f}")
            limits = {"own error": OWN_LIMIT_MS, "accumulated": limit}
            slow += [f"{name}, {what}: {k}" for k in limits if median(times[k]) > limits[k]]
    if options.json:
        options.json.write_text(json.dumps(result))
    if slow:
        sys.exit("slower than its limit: " + "; ".join(slow))


if __name__ == "__main__":
    main()

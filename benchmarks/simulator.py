"""Time the simulator against ncnn's own int8 inference, on one core and in one run.

    python -m benchmarks.simulator [--rounds N] [--json FILE]

The network has the shape of MobileNetV2 at 224x224, with random weights. All take turns on the
same image, and of each the best round counts, so that a busy machine disturbs them alike. It
also checks that every blob equals ncnn's.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before NumPy is imported

import argparse
import sys
import warnings
from collections.abc import Callable

import numpy as np

from benchmarks.frame import Row, best, parser_of, present
from benchmarks.mobilenet_v2 import mobilenet_v2
from workbench.calibration.collect import collect
from workbench.calibration.plan import Plan, calibrate
from workbench.engine import Network
from workbench.export.int8 import int8_model
from workbench.model import Model
from workbench.simulation.difference import first_difference
from workbench.simulation.simulator import Simulator

SCHEMES = ("requantize", "dequantize", "integer", "integer-shift")
LIMIT = 4.0
"""A full run may take this many times as long as ncnn without packing."""

PAIRS = (
    ("full run", "ncnn without packing", LIMIT),
    ("full run", "ncnn without packing, all blobs", None),
    ("full run", "ncnn with packing", None),
    ("full run, half quantization", "full run", None),
    ("full run, integer", "full run", None),
    ("full run, integer-shift", "full run", None),
    ("rerun after a change of the last layer", "full run", None),
    ("rerun after a change of a middle layer", "full run", None),
    ("a new plan of one changed layer", "full run", None),
)
"""What is compared with what, and the largest ratio that is allowed."""


def measure(options: argparse.Namespace) -> list[Row]:
    """Milliseconds of a run, after a first round that is not counted."""
    model, image = mobilenet_v2(), image_of(seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plan = calibrate(model, collect(model, [image], progress=False), method="minmax")
    check(model, plan, image)
    calls = contestants(model, plan, image)
    best(calls, 1)
    times = {name: seconds * 1e3 for name, seconds in best(calls, options.rounds).items()}
    return [Row(a, times[a], times[b], b, "ms", limit) for a, b, limit in PAIRS]


def image_of(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (3, 224, 224)).astype(np.float32)


def check(model: Model, plan: Plan, image: np.ndarray) -> None:
    network = Network(int8_model(model, plan), use_packing_layout=False)
    theirs = network.run_raw({"data": image}, model.graph.blobs)
    if difference := first_difference(Simulator(model, plan).run(image), theirs):
        sys.exit(str(difference))


def contestants(model: Model, plan: Plan, image: np.ndarray) -> dict[str, Callable[[], object]]:
    """What is timed; the simulator keeps all blobs, and ncnn is timed with and without."""
    int8, feed = int8_model(model, plan), {"data": image}
    plain, packed = Network(int8, use_packing_layout=False), Network(int8)
    simulators = {scheme: Simulator(model, plan, scheme) for scheme in SCHEMES}
    full = simulators["requantize"].run(image)
    layers = [layer.name for layer in model.quantizable]
    later = {
        place: simulators["requantize"].changed(
            plan.changed(name, threshold=plan[name].threshold * 0.9)
        )
        for place, name in (("last", layers[-1]), ("middle", layers[len(layers) // 2]))
    }
    return {
        "ncnn without packing": lambda: plain.run(feed, model.graph.outputs),
        "ncnn without packing, all blobs": lambda: plain.run_raw(feed, model.graph.blobs),
        "ncnn with packing": lambda: packed.run(feed, model.graph.outputs),
        "full run": lambda: simulators["requantize"].run(image),
        "full run, half quantization": lambda: simulators["dequantize"].run(image),
        "full run, integer": lambda: simulators["integer"].run(image),
        "full run, integer-shift": lambda: simulators["integer-shift"].run(image),
        "rerun after a change of the last layer": lambda: later["last"].run(image, full),
        "rerun after a change of a middle layer": lambda: later["middle"].run(image, full),
        "a new plan of one changed layer": lambda: simulators["requantize"].changed(
            plan.changed(layers[-1], threshold=np.random.default_rng().uniform(1, 2))
        ),
    }


if __name__ == "__main__":
    parser = parser_of(__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    present(measure, parser)

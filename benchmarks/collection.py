"""Time the counting of activations: threads, processes, passes, and the sweep alone, in one run.

    python -m benchmarks.collection [PARAM BIN FOLDER] [--shape W,H,C] [--json FILE]

Without a network it takes a sample network and its images. All take turns, and of each the best
round counts, so that a busy machine disturbs them alike.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before NumPy is imported

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from benchmarks.frame import Row, best, parser_of, present
from workbench.calibration.collect import collect
from workbench.calibration.fine import FineCounter
from workbench.calibration.inputs import FileInputs, ImageFolder
from workbench.calibration.tally import Tally
from workbench.engine import Network
from workbench.model import Model, load_model
from workbench.numerics import compiled
from workbench.samples import sample

ELEMENTS = 2_000_000
BARE = "read and run twice, nothing counted"
"""The least that a tool of two passes can take, such as ncnn's own."""
FIRST, PLAIN = "2 passes, 1 thread", "plain NumPy"


def measure(options: argparse.Namespace) -> list[Row]:
    """Milliseconds for an image, and nanoseconds for an element of the sweep."""
    compiled.prepare(wait=True)
    model, images = opened(options)
    images = repeated(images, options.images)
    times = best(collections(model, images), options.rounds)
    each = {name: seconds / len(images) * 1e3 for name, seconds in times.items()}
    sweeps = best(sweeps_of_noise(), options.rounds * 3)
    one = {name: seconds / ELEMENTS * 1e9 for name, seconds in sweeps.items()}
    return [
        *(Row(f"an image, {n}", ms, each[FIRST], FIRST, "ms") for n, ms in each.items()),
        *(Row(f"an element, {n}", ns, one[PLAIN], PLAIN, "ns") for n, ns in one.items()),
    ]


def opened(options: argparse.Namespace) -> tuple[Model, FileInputs]:
    if not options.files:
        chosen = sample(options.sample)
        return chosen.load(), chosen.images()
    param, weights, folder = options.files
    shape = tuple(map(int, options.shape.split(",")))
    mean = tuple(map(float, options.mean.split(",")))
    return load_model(param, weights), ImageFolder(folder, shape=shape, mean=mean)


def repeated(images: FileInputs, number: int) -> FileInputs:
    times = -(-number // len(images))
    return replace(images, files=(images.files * times)[:number])


def collections(model: Model, images: FileInputs) -> dict[str, Callable[[], object]]:
    collect(model, images[:1], progress=False)  # the trial run
    net, blobs = Network(model), model.graph.outputs

    def bare() -> None:
        for image in (*images, *images):
            for _ in net.run_values({model.graph.inputs[0]: image}, blobs):
                pass

    ways = {"1 thread": {}, "2 threads": {"threads": 2}, "2 processes": {"workers": 2}}
    return {
        BARE: bare,
        "1 pass, 1 thread, without llvmlite": lambda: by_numpy(
            lambda: collect(model, images, progress=False)
        ),
    } | {
        f"{passes} pass{'es' * (passes > 1)}, {name}": lambda p=passes, way=way: collect(
            model, images, passes=p, progress=False, **way
        )
        for passes in (2, 1)
        for name, way in ways.items()
    }


def sweeps_of_noise() -> dict[str, Callable[[], object]]:
    """The two passes' sweeps and the one pass's on noise, half of it zeros as after a ReLU."""
    noise = np.random.default_rng(0).normal(size=ELEMENTS).astype(np.float32)
    noise = np.maximum(noise, 0)
    measured = Tally().measured(noise)
    return {
        "range": lambda: Tally().measured(noise),
        "histogram": lambda: measured.counted(noise),
        "fine histogram": lambda: fine_sweep(noise),
        "fine histogram, without llvmlite": lambda: by_numpy(lambda: fine_sweep(noise)),
        PLAIN: lambda: plain_sweep(noise, measured.absmax),
    }


def fine_sweep(values: np.ndarray) -> None:
    counter = FineCounter()
    counter.add(values)
    counter.finish().histogram  # noqa: B018


def by_numpy(call: Callable[[], object]) -> None:
    """Do it as where there are no compiled loops."""
    loops, compiled._loops = compiled._loops, None
    try:
        call()
    finally:
        compiled._loops = loops


def plain_sweep(values: np.ndarray, absmax: float) -> np.ndarray:
    magnitude = np.abs(values[np.isfinite(values)])
    place = magnitude / np.float32(absmax) * np.float32(2048)
    return np.bincount(np.minimum(place, np.float32(2047)).astype(np.intp)[magnitude != 0])


def parser() -> argparse.ArgumentParser:
    result = parser_of(__doc__)
    result.add_argument("files", nargs="*", metavar="PARAM BIN FOLDER")
    result.add_argument("--sample", default="mobilenet_v2", help="Sample network, without files.")
    result.add_argument("--shape", default="227,227,3", help="W,H,C of the pictures of FOLDER.")
    result.add_argument("--mean", default="104,117,123")
    result.add_argument("--images", type=int, default=300)
    result.add_argument("--rounds", type=int, default=3)
    return result


if __name__ == "__main__":
    present(measure, parser())

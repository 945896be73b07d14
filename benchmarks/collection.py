"""Time the counting of activations: threads, passes, the sweep alone, and memory, in one run.

    python benchmarks/collection.py [PARAM BIN FOLDER] [--shape W,H,C] [--json FILE]

Without a network it takes a sample network and its images. All take turns, and of each the best
round counts, so that a busy machine disturbs them alike. Memory is the peak of a process of its
own that counts 50 and 500 images, the same pictures again and again.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before NumPy is imported

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from workbench.calibration.collect import collect
from workbench.calibration.fine import FineTally
from workbench.calibration.inputs import FileInputs, ImageFolder
from workbench.calibration.tally import Tally
from workbench.model import Model, load_model
from workbench.samples import sample

ELEMENTS = 2_000_000
FEW, MANY = 50, 500


def main() -> None:
    options = parser().parse_args()
    if options.peak:
        return print_peak(options)
    # first, for a process counts the memory of the one that starts it as its own
    peaks = {
        f"{passes} passes, {n} images": peak(passes, n) for passes in (1, 2) for n in (FEW, MANY)
    }
    model, images = opened(options)
    images = repeated(images, options.images)
    rates = {
        name: len(images) / seconds
        for name, seconds in best(collections(model, images), options.rounds).items()
    }
    sweeps = {
        name: seconds / ELEMENTS * 1e9
        for name, seconds in best(sweeps_of_noise(), options.rounds * 3).items()
    }
    ratios = ratios_of(rates, sweeps, peaks)
    report("images per second", rates, "{:.2f}")
    report("nanoseconds an element of the sweep", sweeps, "{:.2f}")
    report("peak memory, MB", peaks, "{:.1f}")
    report("ratios", ratios, "{:.3f}")
    if options.json:
        found = {"images_per_second": rates, "sweep_ns": sweeps, "peak_mb": peaks, "ratios": ratios}
        options.json.write_text(json.dumps(found, indent=2) + "\n")


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    result.add_argument("files", nargs="*", metavar="PARAM BIN FOLDER")
    result.add_argument("--sample", default="mobilenet_v2", help="Sample network, without files.")
    result.add_argument("--shape", default="227,227,3", help="W,H,C of the pictures of FOLDER.")
    result.add_argument("--mean", default="104,117,123")
    result.add_argument("--images", type=int, default=32)
    result.add_argument("--rounds", type=int, default=3)
    result.add_argument("--json", type=Path, metavar="FILE")
    result.add_argument("--peak", help=argparse.SUPPRESS)
    return result


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
    return {
        f"{passes} passes, {threads} threads": lambda p=passes, t=threads: collect(
            model, images, passes=p, threads=t, progress=False
        )
        for passes in (2, 1)
        for threads in (1, 2)
    }


def sweeps_of_noise() -> dict[str, Callable[[], object]]:
    """The two passes' sweeps and the one pass's on noise, half of it zeros as after a ReLU."""
    noise = np.random.default_rng(0).normal(size=ELEMENTS).astype(np.float32)
    noise = np.maximum(noise, 0)
    measured = Tally().measured(noise)
    return {
        "range": lambda: Tally().measured(noise),
        "histogram": lambda: measured.counted(noise),
        "fine histogram": lambda: FineTally.of(noise),
        "histogram, plain NumPy": lambda: plain_sweep(noise, measured.absmax),
    }


def plain_sweep(values: np.ndarray, absmax: float) -> np.ndarray:
    magnitude = np.abs(values[np.isfinite(values)])
    place = magnitude / np.float32(absmax) * np.float32(2048)
    return np.bincount(np.minimum(place, np.float32(2047)).astype(np.intp)[magnitude != 0])


def best(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The shortest time of each in seconds."""
    times = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name] = min(times[name], time.perf_counter() - start)
    return times


def peak(passes: int, number: int) -> float:
    """Peak memory in MB of a process that counts so many images."""
    words = [*sys.argv[1:], "--peak", f"{passes},{number}"]
    child = subprocess.run(
        [sys.executable, __file__, *words], capture_output=True, text=True, check=True
    )
    return float(child.stdout)


def print_peak(options: argparse.Namespace) -> None:
    passes, number = map(int, options.peak.split(","))
    model, images = opened(options)
    collect(model, repeated(images, number), passes=passes, progress=False)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


def ratios_of(
    rates: dict[str, float], sweeps: dict[str, float], peaks: dict[str, float]
) -> dict[str, float]:
    first = "2 passes, 1 threads"
    faster = {f"{name} / {first}": rate / rates[first] for name, rate in rates.items()}
    del faster[f"{first} / {first}"]
    return {
        **faster,
        "sweep: plain NumPy / ours": sweeps["histogram, plain NumPy"] / sweeps["histogram"],
        **{
            f"memory: {MANY} images / {FEW}, {passes} passes": peaks[
                f"{passes} passes, {MANY} images"
            ]
            / peaks[f"{passes} passes, {FEW} images"]
            for passes in (1, 2)
        },
    }


def report(title: str, values: dict[str, float], form: str) -> None:
    print(title)
    for name, value in values.items():
        print(f"  {name:48s} {form.format(value):>10s}")


if __name__ == "__main__":
    main()

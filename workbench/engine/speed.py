"""How long ncnn takes on this machine: a whole network, or one layer alone.

Many short runs are timed one by one after a warm-up, and the median and the spread are kept,
for a small network's time varies by scheduling more than by its work. One thread is steadier
than several; `powersave` binds the work to the little (1) or big (2) cores where there are any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import ncnn
import numpy as np
from numpy.typing import NDArray

from workbench.engine.loading import load
from workbench.engine.network import Array, checked_inputs
from workbench.engine.single import SingleLayer
from workbench.engine.trial import try_out
from workbench.errors import EngineError
from workbench.model import Model


@dataclass(frozen=True)
class Timing:
    """Times of single runs.

    Attributes:
        median_ms: half the runs were faster.
        low_ms: 5 of 100 runs were faster.
        high_ms: 5 of 100 runs were slower.
        runs: how many were timed, without the warm-up.
    """

    median_ms: float
    low_ms: float
    high_ms: float
    runs: int

    def __str__(self) -> str:
        return f"{self.median_ms:.3g} ms ({self.low_ms:.3g} to {self.high_ms:.3g})"


@dataclass(frozen=True)
class Clock:
    """How to time.

    Attributes:
        threads: OpenMP threads of one run.
        runs: how many runs are timed.
        warm_up: runs before them that are not.
        powersave: 0 all cores, 1 the little ones, 2 the big ones (`set_cpu_powersave`).
    """

    threads: int = 1
    runs: int = 50
    warm_up: int = 5
    powersave: int = 0

    def time(self, work: Callable[[], object]) -> Timing:
        """Call `work` again and again, and say how long one call takes."""
        for _ in range(self.warm_up):
            work()
        times = np.array([_seconds(work) for _ in range(self.runs)]) * 1e3
        low, median, high = np.percentile(times, [5, 50, 95]).tolist()
        return Timing(median, low, high, self.runs)


def time_network(
    model: Model, inputs: Mapping[str, Array], clock: Clock | None = None, **options: bool
) -> Timing:
    """Time a whole network in ncnn, from its inputs to its outputs.

    Args:
        model: a float or an int8 network.
        inputs: float32 array of each input blob.
        clock: threads, runs, warm-up, cores.
        options: other fields of ncnn's Option by name.

    Raises:
        EngineError: ncnn cannot run the network, or has no such cores.
        InputError: an input does not fit.
    """
    clock = clock or Clock()
    arrays = checked_inputs(model.graph.inputs, inputs)
    try_out(model, {name: array.shape for name, array in arrays.items()})
    net = load(model, clock.threads, options)
    with _cores(clock.powersave):
        return clock.time(_forward(net, arrays, model.graph.outputs))


def time_layer(
    layer: SingleLayer, bottoms: Mapping[str, NDArray[Any]], clock: Clock | None = None
) -> Timing:
    """Time one layer alone on given bottoms; it must have survived them in its network."""
    arrays = {name: np.ascontiguousarray(array) for name, array in bottoms.items()}
    return (clock or Clock()).time(_forward(layer.net, arrays, layer.layer.tops))


def _forward(
    net: Any, arrays: Mapping[str, NDArray[Any]], outputs: tuple[str, ...]
) -> Callable[[], None]:
    mats = {name: ncnn.Mat(array).clone() for name, array in arrays.items()}

    def forward() -> None:
        extractor = net.create_extractor()
        for name, mat in mats.items():
            extractor.input(name, mat)
        for blob in outputs:
            extractor.extract(blob)

    return forward


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


@contextmanager
def _cores(powersave: int) -> Iterator[None]:
    """Bind ncnn's threads to some cores, and free them afterwards."""
    if powersave == 0:
        yield
        return
    if ncnn.set_cpu_powersave(powersave) != 0:
        raise EngineError(
            f"this machine has no cores for powersave mode {powersave}",
            advice="Use 0 for all cores, 1 for little ones, 2 for big ones.",
        )
    try:
        yield
    finally:
        ncnn.set_cpu_powersave(0)

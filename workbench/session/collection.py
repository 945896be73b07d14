"""Collecting off the main thread: it can be watched, stopped, and go on."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from traitlets import HasTraits, Instance

from workbench.calibration.collect import Collector, Interrupted
from workbench.calibration.inputs import Item
from workbench.calibration.state import STAGES
from workbench.calibration.statistics import Statistics
from workbench.model import Model
from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds import Search, kl

EVIDENCE_S, PACE_S = 1.0, 10.0
"""The time left is told after this many seconds, from the pace of the last ones."""


@dataclass(frozen=True)
class Far:
    """How far a collection is.

    Attributes:
        running: whether it is under way.
        step: what is done: "counting", or which pass.
        done, images: number of inputs that are finished in this step, and of all.
        share: of the whole work that is done, 0 to 1.
        seconds_left: as far as can be told; None in the first second.
        error: why it ended; None if it did not, or was stopped.
    """

    running: bool
    step: str
    done: int
    images: int
    share: float
    seconds_left: float | None = None
    error: Exception | None = None


@dataclass(frozen=True)
class Sketch:
    """A histogram of the images so far, and the threshold that KL would choose now."""

    histogram: Histogram
    search: Search


class Collection(HasTraits):
    """Counts as `collect` does, on a thread of its own.

    Args:
        model, inputs: as for `collect`.
        passes: as for `collect`; with 2 there are no histograms before the second pass.
        threads, workers, client, checkpoint: as for `collect`.

    Attributes:
        far: how far it is; replaced after each image, on the thread that counts.

    Raises:
        WorkbenchError: as `collect` does for arguments and checkpoints.
    """

    far = Instance(Far)

    def __init__(
        self,
        model: Model,
        inputs: Sequence[Item],
        *,
        passes: int = 1,
        threads: int = 1,
        workers: int = 1,
        client: Any = None,
        checkpoint: str | Path | None = None,
    ) -> None:
        path = None if checkpoint is None else Path(checkpoint)
        self._collector = Collector(model, inputs, threads, passes, workers, path, client)
        self._collector.watch = self._look
        self._halt = threading.Event()
        self._thread = threading.Thread()
        self._stats: Statistics | None = None
        self._seen: deque[tuple[float, float]] = deque()
        super().__init__(far=self._far(running=False))

    @property
    def layers(self) -> tuple[str, ...]:
        """The quantizable layers, in the network's order."""
        return tuple(self._collector.layers)

    @property
    def stats(self) -> Statistics | None:
        """The result; None before all is counted."""
        return self._stats

    @property
    def so_far(self) -> Statistics | None:
        """What is counted so far; None before there are histograms."""
        state = self._collector.state
        ready = state.images and state.stage == len(STAGES[state.passes]) - 1
        return self._collector.statistics if ready else None

    def sketch(self, layer: str) -> Sketch | None:
        """The histogram of a layer's input so far; None before there is one."""
        state, blob = self._collector.state, self._collector.layers[layer]
        if not state.images or state.stage < len(STAGES[state.passes]) - 1:
            return None
        histogram = state.tallies[blob].histogram
        return Sketch(histogram, kl(histogram))

    def start(self) -> None:
        """Begin, or go on after a stop or an error; nothing happens while it runs or is done."""
        if self.far.running or self._stats is not None:
            return
        self._halt.clear()
        self._seen.clear()
        self.far = self._far()
        self._thread = threading.Thread(target=self._run, name="collecting", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Have it stop after the images under way; what is counted is kept. Returns at once."""
        self._halt.set()

    def wait(self) -> Statistics:
        """Wait until it ends, and return the result. Ctrl-C stops the collection too.

        Raises:
            Interrupted: it was stopped.
            WorkbenchError: it failed; see `collect`.
        """
        try:
            while self._thread.is_alive():
                self._thread.join(0.1)
        except KeyboardInterrupt:
            self.stop()
            self._thread.join()
        if self.far.error is not None:
            raise self.far.error
        if self._stats is None:
            raise Interrupted(self._collector.state)
        return self._stats

    def _run(self) -> None:
        error = None
        try:
            self._stats = self._collector.run(progress=False)
        except KeyboardInterrupt:  # by `stop`
            pass
        except Exception as caught:  # told by `far` and `wait`
            error = caught
        self.far = self._far(running=False, error=error)

    def _look(self) -> None:
        self.far = self._far()
        if self._halt.is_set():
            raise KeyboardInterrupt

    def _far(self, running: bool = True, error: Exception | None = None) -> Far:
        state = self._collector.state
        done = state.done + self._collector.ahead
        share = (state.stage + done / state.total) / len(STAGES[state.passes])
        return Far(running, state.step.title, done, state.total, share, self._left(share), error)

    def _left(self, share: float) -> float | None:
        """Seconds left at the pace of the last seconds; the first images are slower."""
        now = time.monotonic()
        self._seen.append((now, share))
        while now - self._seen[0][0] > PACE_S:
            self._seen.popleft()
        start, before = self._seen[0]
        if now - start < EVIDENCE_S or share <= before:
            return None
        return (now - start) / (share - before) * (1.0 - share)

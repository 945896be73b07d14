"""Counting a network's activations over many images: in one pass, or in ncnn's two.

One pass counts fine bins, whose range grows when it must. Of two passes the first finds each
blob's largest |x|, and the second counts 2048 equal bins up to it. Source: Tencent/ncnn,
tools/quantize/ncnn2table.cpp, QuantNet::quantize_KL.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.calibration.collector import Collector as Collector
from workbench.calibration.inputs import Item
from workbench.calibration.state import State
from workbench.calibration.statistics import Statistics
from workbench.calibration.worker import as_mapping as as_mapping
from workbench.model import Model


class Interrupted(KeyboardInterrupt):
    """Collecting was stopped by hand; what was counted is kept (see `collect`)."""

    def __init__(self, state: State) -> None:
        self.state = state
        super().__init__(f"{state}. Collect again to go on from here.")


def collect(
    model: Model,
    inputs: Sequence[Item],
    *,
    threads: int = 1,
    progress: bool = True,
    passes: int = 1,
    workers: int = 1,
    client: Any = None,
    checkpoint: str | Path | None = None,
) -> Statistics:
    """Run a network in float over all inputs and count what its quantizable layers read.

    Stopped by hand (Ctrl-C, or the notebook's stop button) or by an input that cannot be read,
    it keeps what is done: called again in the same process with the same network and inputs, it
    goes on from there. The inputs that are not yet counted may have changed. With a checkpoint
    it goes on even when the process was killed, and in another process.

    The result is the same, to the bit, whatever `threads`, `workers`, `client` and interruptions.

    Args:
        model: the float network.
        inputs: images or tensors; an item is an array (C, H, W) for the only input blob, or a
            mapping from input blobs to arrays.
        threads: images that are read and run at the same time, each on one core.
        progress: show a progress bar.
        passes: 1 reads and runs each image once; ranges are exact, and bins are brought together
            from finer ones: of a hundred KL thresholds two or three differ by more than a bin
            of 2048. 2 counts as ncnn's tool does, to the bit.
        workers: processes that share the images, instead of threads. The inputs must be such
            that they can be pickled; a script must guard its start by `__name__`.
        client: a `distributed.Client` whose cluster shares the images (see
            `workbench.calibration.cluster`). The inputs must be files that every worker sees.
        checkpoint: a file to keep what is done in, from time to time, at a stop and at the end.
            Inputs that are not files are told apart by their contents.

    Returns:
        One histogram for each distinct blob that a quantizable layer reads.

    Raises:
        CalibrationError: the network has no layer to quantize, an argument is out of range, or
            the checkpoint is of another network, other inputs or another number of passes.
        FormatError: the checkpoint is a file of another kind.
        InputError: an input cannot be read or does not fit; it is named.
        EngineError: ncnn cannot run the network.
        Interrupted: stopped by hand.
    """
    path = None if checkpoint is None else Path(checkpoint)
    collector = Collector(model, inputs, threads, passes, workers, path, client)
    try:
        return collector.run(progress)
    except KeyboardInterrupt as stop:
        raise Interrupted(collector.state) from stop

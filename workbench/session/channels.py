"""Where the outliers live: the values of one blob, counted channel by channel on the probes.

The statistics of a calibration keep no channels. So the float network runs on the probes when
a layer is first looked at; each blob is counted once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from traitlets import HasTraits, Instance

from workbench.calibration.collect import as_mapping
from workbench.engine import Network
from workbench.session.mailbox import Mailbox, problem_of
from workbench.session.session import Session

BINS = 128
"""Fewer than the levels of a pixel, so that a picture's channels have no empty bins between."""


@dataclass(frozen=True, eq=False)
class ChannelCounts:
    """|x| of one blob on all probes, in equal bins over [0, end], for each channel.

    Attributes:
        what: "channel" (the first axis), "column" (the last one of a matrix), or "element" (of
            a vector).
        counts: int64 (channels, bins); exact zeros lie in no bin.
        absmax: float32 (channels,), the largest |x| of each, in real units.
        values: how many values each channel has, zeros included.
        end: right edge of the last bin.
        images: number of probes.
    """

    what: str
    counts: NDArray[np.int64]
    absmax: NDArray[np.float32]
    values: int
    end: float
    images: int

    def __post_init__(self) -> None:
        self.counts.setflags(write=False)
        self.absmax.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Rows:
    """Channels as rows of a picture; neighbours share a row where there are too many.

    Attributes:
        channels: the channels of each row.
        counts: float32 (rows, bins), of the channel that has the most in a bin, so that no
            outlier is lost among its neighbours.
        above: float32 (rows, bins + 1), share of a row's values above each edge.
        absmax: float32 (rows,), the largest |x| of a row.
        largest: the channel that has it.
    """

    channels: tuple[NDArray[np.int64], ...]
    counts: NDArray[np.float32]
    above: NDArray[np.float32]
    absmax: NDArray[np.float32]
    largest: tuple[int, ...]


def count_channels(arrays: list[NDArray[np.float32]], bins: int = BINS) -> ChannelCounts:
    """Count one blob.

    Args:
        arrays: float32, the blob on each probe: (W), (H, W), (C, H, W) or (C, D, H, W).
        bins: number of bins.

    Returns:
        bin = min(int(|x| / end * bins), bins - 1), end being the largest |x|.
    """
    what, first = _by_channel(arrays[0])
    rows = np.concatenate([first, *(_by_channel(array)[1] for array in arrays[1:])], axis=1)
    size = np.abs(np.where(np.isfinite(rows), rows, 0))
    absmax = size.max(axis=1)
    end = float(absmax.max())
    counts = np.zeros((len(rows), bins), np.int64)
    for row, values in zip(counts, size, strict=True):
        if end:
            places = (values[values > 0] / np.float64(end) * bins).astype(np.int64)
            row += np.bincount(np.minimum(places, bins - 1), minlength=bins)
    return ChannelCounts(what, counts, absmax, size.shape[1], end, len(arrays))


def _by_channel(array: NDArray[np.float32]) -> tuple[str, NDArray[np.float32]]:
    """A blob as (channels, values of each)."""
    if array.ndim == 1:
        return "element", array[:, None]
    if array.ndim == 2:
        return "column", array.T
    return "channel", array.reshape(array.shape[0], -1)


def rows_of(counts: ChannelCounts, by_size: bool, most: int) -> Rows:
    """Arrange channels as rows.

    Args:
        counts: of each channel.
        by_size: the channel with the largest |x| first; else in the order of their numbers.
        most: at most so many rows.
    """
    channels = np.arange(len(counts.absmax))
    if by_size:
        channels = np.argsort(-counts.absmax, kind="stable")
    size = math.ceil(channels.size / most)
    groups = tuple(channels[first : first + size] for first in range(0, channels.size, size))
    tails = np.zeros((channels.size, counts.counts.shape[1] + 1))
    tails[:, :-1] = counts.counts[:, ::-1].cumsum(axis=1)[:, ::-1] / counts.values
    return Rows(
        channels=groups,
        counts=np.array([counts.counts[g].max(axis=0) for g in groups], np.float32),
        above=np.array([tails[g].mean(axis=0) for g in groups], np.float32),
        absmax=np.array([counts.absmax[g].max() for g in groups], np.float32),
        largest=tuple(int(g[counts.absmax[g].argmax()]) for g in groups),
    )


class LiveChannels(HasTraits):
    """Counts the channels of a session's layers, off the main thread, when they are asked for.

    Args:
        session: whose model and probes.

    Traits (observe them):
        known: what is counted so far, by blob; or, in words, why it could not be. Observers are
            called on the counting thread.
    """

    known = Instance(MappingProxyType, ({},))

    def __init__(self, session: Session) -> None:
        self._session = session
        self._mailbox = Mailbox()
        self._network = Network(session.model)
        super().__init__()

    def of(self, layer: str) -> ChannelCounts | str | None:
        """Return the counts of a layer's input, or why there are none; None: they will come.

        The session needs probes for it.
        """
        graph = self._session.model.graph
        blob = graph.origin(graph.by_name[layer].bottoms[0])
        found: ChannelCounts | str | None = self.known.get(blob)
        if found is None:
            self._mailbox.post(self, lambda: self._count(blob))
        return found

    def drain(self, timeout_s: float = 60.0) -> None:
        """Wait until all that was asked for is counted.

        Raises:
            TimeoutError: it is not, after `timeout_s` seconds.
        """
        self._mailbox.drain(timeout_s)

    def _count(self, blob: str) -> None:
        if blob in self.known:
            return
        found: ChannelCounts | str
        try:
            found = count_channels(self._values(blob))
        except Exception as error:
            found = problem_of(error, f"counting the channels of {blob}")
        known: Mapping[str, ChannelCounts | str] = {**self.known, blob: found}
        self.known = MappingProxyType(known)

    def _values(self, blob: str) -> list[NDArray[np.float32]]:
        model, network = self._session.model, self._network
        runs = (network.run(as_mapping(model, item), [blob]) for item in self._session.probes)
        return [run[blob] for run in runs]

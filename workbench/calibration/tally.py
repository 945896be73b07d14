"""What is known of one blob while images are being counted: immutable, image by image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.histogram import BINS, Histogram, count, largest


@dataclass(frozen=True, eq=False)
class Tally:
    """Running statistics of one blob, in two passes.

    Attributes:
        absmax: largest finite |x| so far, a float32 value.
        nonfinite: number of NaN and infinite values so far.
        blob_size: elements of the blob in the image measured last.
        counts: int64 (bins,), nonzero finite values over [0, absmax].
        zeros: exact zeros so far.
    """

    absmax: float = 0.0
    nonfinite: int = 0
    blob_size: int = 0
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    zeros: int = 0

    def measured(self, blob: NDArray[np.float32]) -> Tally:
        """First pass: take in the range of one image's blob (float32, any shape)."""
        finite, absmax = finite_values(blob)
        return replace(
            self,
            absmax=max(self.absmax, absmax),
            nonfinite=self.nonfinite + blob.size - finite.size,
            blob_size=blob.size,
        )

    def counted(self, blob: NDArray[np.float32]) -> Tally:
        """Second pass: count one image's blob over the range that the first pass found."""
        counts, zeros = count(finite_values(blob)[0], self.absmax, self.counts.size)
        return replace(self, counts=self.counts + counts, zeros=self.zeros + zeros)

    def __add__(self, later: Tally) -> Tally:
        """Take in what was measured of later images, or counted over the same range."""
        return Tally(
            max(self.absmax, later.absmax),
            self.nonfinite + later.nonfinite,
            later.blob_size or self.blob_size,
            self.counts + later.counts,
            self.zeros + later.zeros,
        )

    @property
    def histogram(self) -> Histogram:
        """The counts as a histogram."""
        return Histogram(self.counts, self.absmax, self.zeros, self.blob_size)


def finite_values(blob: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """Return the finite elements, flat (the blob's own if all are), and the largest |x|."""
    flat = np.ascontiguousarray(blob).reshape(-1)
    absmax = largest(flat)
    if not np.isfinite(absmax):
        flat = flat[np.isfinite(flat)]
        absmax = largest(flat)
    return flat, absmax


@dataclass
class Folding:
    """Takes in one image's blob after another, by a method of `Tally`."""

    tally: Tally
    step: Callable[[Tally, NDArray[np.float32]], Tally]

    def add(self, blob: NDArray[np.float32]) -> None:
        """Take in one image's blob (float32, any shape)."""
        self.tally = self.step(self.tally, blob)

    def finish(self) -> Tally:
        """Return all that was taken in."""
        return self.tally

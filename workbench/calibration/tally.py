"""What is known of one blob while images are being counted: immutable, image by image."""

from __future__ import annotations

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
        finite = finite_values(blob)
        return replace(
            self,
            absmax=max(self.absmax, largest(finite)),
            nonfinite=self.nonfinite + blob.size - finite.size,
            blob_size=blob.size,
        )

    def counted(self, blob: NDArray[np.float32]) -> Tally:
        """Second pass: count one image's blob over the range that the first pass found."""
        counts, zeros = count(finite_values(blob), self.absmax, self.counts.size)
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


def finite_values(blob: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the finite elements, flat; the blob's own if all are."""
    flat = blob.ravel()
    if np.isfinite(largest(flat)):
        return flat
    return flat[np.isfinite(flat)]

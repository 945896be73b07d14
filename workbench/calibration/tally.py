"""What is known of one blob while images are being counted: immutable, image by image."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.histogram import BINS, Histogram, count

_BLOCK = 1 << 16
"""Elements swept at a time, so that the temporaries stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Tally:
    """Running statistics of one blob.

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
        finite = _finite(blob)
        largest = max(finite.max(initial=0.0), -finite.min(initial=0.0))
        return replace(
            self,
            absmax=max(self.absmax, float(largest)),
            nonfinite=self.nonfinite + blob.size - finite.size,
            blob_size=blob.size,
        )

    def counted(self, blob: NDArray[np.float32]) -> Tally:
        """Second pass: count one image's blob over the range that the first pass found."""
        finite = _finite(blob)
        counts, zeros = self.counts.copy(), self.zeros
        for start in range(0, finite.size, _BLOCK):
            magnitude = np.abs(finite[start : start + _BLOCK])
            more, more_zeros = count(magnitude, self.absmax, counts.size)
            counts += more
            zeros += more_zeros
        return replace(self, counts=counts, zeros=zeros)

    @property
    def histogram(self) -> Histogram:
        """The counts as a histogram."""
        return Histogram(self.counts, self.absmax, self.zeros, self.blob_size)


def _finite(blob: NDArray[np.float32]) -> NDArray[np.float32]:
    flat = blob.ravel()
    finite = np.isfinite(flat)
    return flat if finite.all() else flat[finite]

"""What a threshold does to one blob, from its histogram alone: the number that is there at once."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.numerics.histogram import Histogram
from workbench.numerics.noise import error_split, sqnr_db


@dataclass(frozen=True)
class Reading:
    """What a threshold does to one blob, from its histogram alone.

    Attributes:
        threshold: real units.
        scale: int8 levels for one real unit.
        clipped_share: share of all values that are clipped, 0 to 1.
        clipping: mean squared error of the clipped values, over all values (real units squared).
        rounding: mean squared error of the rounded values, over all values.
        sqnr_db: signal to quantization noise in dB; infinite where there is no error.
    """

    threshold: float
    scale: float
    clipped_share: float
    clipping: float
    rounding: float
    sqnr_db: float

    @classmethod
    def of(cls, histogram: Histogram, threshold: float, scale: float) -> Reading:
        """Read a threshold, and the scale that goes with it, off a histogram."""
        clipping, rounding = error_split(histogram, threshold)
        return cls(
            threshold=threshold,
            scale=scale,
            clipped_share=histogram.clipped_share(threshold),
            clipping=clipping,
            rounding=rounding,
            sqnr_db=sqnr_db(histogram, threshold),
        )

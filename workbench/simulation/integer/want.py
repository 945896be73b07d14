"""The scale that is wanted for each channel of a blob, and by whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NOBODY = -1


@dataclass(frozen=True, eq=False)
class Want:
    """The scale that is wanted for each channel of a blob.

    Attributes:
        scale: float64 (channels,), or (1,) for the whole blob; 0 where none is known.
        source: int64, same shape, number of the layer that said so, or `NOBODY`.
    """

    scale: NDArray[np.float64]
    source: NDArray[np.int64]

    @classmethod
    def of(cls, count: int, scale: float = 0.0, source: int = NOBODY) -> Want:
        """One scale for so many channels."""
        return cls(np.full(count, scale), np.full(count, source))

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which channels have a scale."""
        return self.scale > 0

    def larger(self, other: Want) -> Want:
        """Take the larger scale of each channel."""
        first = self.scale >= other.scale
        return Want(
            np.where(first, self.scale, other.scale), np.where(first, self.source, other.source)
        )

    def smaller(self, other: Want) -> Want:
        """Take the smaller known scale of each channel."""
        first = self.known & (~other.known | (self.scale <= other.scale))
        return Want(
            np.where(first, self.scale, other.scale), np.where(first, self.source, other.source)
        )

    def or_else(self, other: Want) -> Want:
        """Take the other's scale where this has none."""
        return Want(
            np.where(self.known, self.scale, other.scale),
            np.where(self.known, self.source, other.source),
        )

    def one(self) -> Want:
        """The largest scale, for the whole."""
        best = int(self.scale.argmax())
        return Want(self.scale[best : best + 1], self.source[best : best + 1])

    def spread(self, count: int) -> Want:
        """The same for so many channels."""
        return self if self.scale.size == count else Want.of(count, *self._largest)

    @property
    def _largest(self) -> tuple[float, int]:
        best = int(self.scale.argmax())
        return float(self.scale[best]), int(self.source[best])

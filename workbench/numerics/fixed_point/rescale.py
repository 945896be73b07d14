"""A prepared multiplier together with the way in which it is applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.errors import CalibrationError
from workbench.numerics.fixed_point.apply import (
    OverflowCounter,
    floor_shift,
    one_rounding,
    rounded_shift,
    two_roundings,
)
from workbench.numerics.fixed_point.prepare import (
    Multiplier8,
    Multiplier31,
    multiplier8,
    multiplier31,
)

Flavour = Literal["floor", "rounded", "one rounding", "two roundings"]

FLAVOURS: Mapping[Flavour, str] = MappingProxyType(
    {
        "floor": "sum * E >> F, as the document has it.",
        "rounded": "sum * E >> F with half a level added first.",
        "one rounding": "64-bit product with a 31-bit multiplier, rounded once.",
        "two roundings": "gemmlowp: 32-bit registers, a 31-bit multiplier, rounded twice.",
    }
)
"""The ways to apply a multiplier, with a line for a learner."""


@dataclass(frozen=True, eq=False)
class Rescale:
    """Takes integers from one scale to another, at runtime.

    Attributes:
        multiplier: (E, F) for "floor" and "rounded", (M0, shift) for the others.
        flavour: how it is applied.
    """

    multiplier: Multiplier8 | Multiplier31
    flavour: Flavour

    def __post_init__(self) -> None:
        small = self.flavour in ("floor", "rounded")
        if self.flavour not in FLAVOURS or small != isinstance(self.multiplier, Multiplier8):
            kind = type(self.multiplier).__name__
            raise CalibrationError(f"a {kind} cannot be applied by {self.flavour!r}")

    @property
    def real(self) -> NDArray[np.float64]:
        """The numbers that the multiplier stands for: float64 (channels,)."""
        return self.multiplier.real

    def apply(
        self, sums: NDArray[Any], axis: int = 0, counter: OverflowCounter | None = None
    ) -> NDArray[np.int32]:
        """Multiply and round.

        Args:
            sums: int8 or int32, any shape.
            axis: of the channels.
            counter: of what leaves int32.

        Returns:
            int32, not yet clipped to int8.
        """
        if isinstance(self.multiplier, Multiplier8):
            small = floor_shift if self.flavour == "floor" else rounded_shift
            return small(sums, self.multiplier, axis, counter)
        large = one_rounding if self.flavour == "one rounding" else two_roundings
        return large(sums, self.multiplier, axis, counter)


def prepare_rescale(real: Any, flavour: Flavour = "one rounding", bits: int = 8) -> Rescale:
    """Prepare a multiplier for a flavour, offline.

    Args:
        real: positive, one or (channels,).
        flavour: a key of `FLAVOURS`.
        bits: of E, for "floor" and "rounded".

    Raises:
        CalibrationError: there is no such flavour, or `multiplier8` or `multiplier31` does.
    """
    small = flavour in ("floor", "rounded")
    return Rescale(multiplier8(real, bits) if small else multiplier31(real), flavour)

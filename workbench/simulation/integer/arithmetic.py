"""Choices of integer arithmetic: how numbers are multiplied and rounded, what may wrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workbench.numerics.fixed_point import Flavour
from workbench.simulation.integer.wishes import Rules

HEADROOM = 20
RULES = Rules()


@dataclass(frozen=True)
class Arithmetic:
    """How the integer schemes compute; the defaults are the modern form.

    Attributes:
        flavour: how a multiplier is applied, a key of `workbench.numerics.fixed_point.FLAVOURS`.
        bits: of the multiplier E, for "floor" and "rounded".
        bias_after: the bias is int8 and added after the shift, not int32 and before it.
        headroom: bits below a level in which an addition is formed.
        add_wraps: an addition is held in int8 and wraps modulo 256.
        overflow_wraps: int32 wraps modulo 2^32; if not, such numbers are carried in 64 bits.
            Either way they are counted (`Blob.overflows`).
        activations: "int8", or "int32" for blobs in units of 2^-18.
        rules: how scales go through the graph.
    """

    flavour: Flavour = "one rounding"
    bits: int = 8
    bias_after: bool = False
    headroom: int = HEADROOM
    add_wraps: bool = False
    overflow_wraps: bool = False
    activations: Literal["int8", "int32"] = "int8"
    rules: Rules = RULES

    @property
    def key(self) -> bytes:
        """Equal for two that compute the same; the rules show in the scales."""
        parts = (self.flavour, self.bits, self.bias_after, self.headroom)
        return repr((*parts, self.add_wraps, self.overflow_wraps, self.activations)).encode()

    @property
    def shifts(self) -> bool:
        """Whether E >> F stands for a multiplier, as in the document."""
        return self.flavour in ("floor", "rounded")


MODERN = Arithmetic()
SHIFT = Arithmetic(flavour="floor", headroom=0, rules=Rules(wishes_count=True))
INT32_SHIFT = Arithmetic(flavour="floor", headroom=0, activations="int32")

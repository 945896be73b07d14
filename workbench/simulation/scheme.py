"""Schemes: how the layers of an int8 network compute and what they hand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from workbench.errors import WorkbenchError
from workbench.simulation.integer.arithmetic import INT32_SHIFT, MODERN, SHIFT, Arithmetic


@dataclass(frozen=True)
class Scheme:
    """One way to run a calibrated network.

    Attributes:
        name: its key in `SCHEMES`.
        about: what it is, in one line for a learner.
        quantizes: whether the layers of the plan compute in int8.
        fuses: whether adjacent convolutions hand int8 on (`propagate.requantized`).
        integer: how the other layers compute in integers too; None if they do not.
    """

    name: str
    about: str
    quantizes: bool
    fuses: bool
    integer: Arithmetic | None = None


SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        scheme.name: scheme
        for scheme in (
            Scheme("float", "The reference: every layer in float32.", False, False),
            Scheme(
                "dequantize",
                "Half quantization: an int8 layer takes float in and gives float out.",
                True,
                False,
            ),
            Scheme(
                "requantize",
                "ncnn today: convolutions that follow one another hand int8 on.",
                True,
                True,
            ),
            Scheme(
                "integer",
                "Full int8: every op that can stays in integers; 31-bit multipliers, rounded.",
                True,
                False,
                MODERN,
            ),
            Scheme(
                "integer-shift",
                "Full int8 with 8-bit multipliers: E >> F, rounded down; Splits of two scales.",
                True,
                False,
                SHIFT,
            ),
            Scheme(
                "int32-shift",
                "Between int8 layers everything is int32 in units of 2^-18; 8-bit multipliers.",
                True,
                False,
                INT32_SHIFT,
            ),
        )
    }
)


def scheme_of(name: str | Scheme) -> Scheme:
    """Return a scheme by name, or the scheme that is given.

    Raises:
        WorkbenchError: there is none of that name.
    """
    if isinstance(name, Scheme):
        return name
    try:
        return SCHEMES[name]
    except KeyError:
        raise WorkbenchError(
            f"there is no scheme {name!r}", advice=f"Use one of: {', '.join(SCHEMES)}."
        ) from None

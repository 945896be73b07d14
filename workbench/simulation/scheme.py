"""Schemes: how the layers of an int8 network compute and what they hand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from workbench.errors import WorkbenchError


@dataclass(frozen=True)
class Scheme:
    """One way to run a calibrated network.

    Attributes:
        name: its key in `SCHEMES`.
        about: what it is, in one line for a learner.
        quantizes: whether the layers of the plan compute in int8.
        fuses: whether adjacent convolutions hand int8 on (`propagate.requantized`).
    """

    name: str
    about: str
    quantizes: bool
    fuses: bool


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
        )
    }
)


def scheme_of(name: str) -> Scheme:
    """Return a scheme by name.

    Raises:
        WorkbenchError: there is none of that name.
    """
    try:
        return SCHEMES[name]
    except KeyError:
        raise WorkbenchError(
            f"there is no scheme {name!r}", advice=f"Use one of: {', '.join(SCHEMES)}."
        ) from None

"""How the page names, colours and writes things."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

from workbench.calibration.plan import BY_HAND


@dataclass(frozen=True)
class Look:
    """How a method appears: its label, its colour (of look.css), its dashes, and what it does."""

    label: str
    colour: str
    dash: tuple[int, ...]
    means: str

    @property
    def named(self) -> str:
        """The label behind a dot of its colour, as HTML."""
        return f'<span title="{escape(self.means)}">{dot(self.colour)}{escape(self.label)}</span>'


def dot(colour: str) -> str:
    """A dot in a colour of look.css, as HTML."""
    return f'<i class="wb-dot" style="background: var(--wb-{colour})"></i>'


LOOKS = {
    "kl": Look(
        "KL (ncnn)",
        "blue",
        (),
        "Default of ncnn's own tool: 128 levels that tell least from the float values",
    ),
    "threshold-distribution": Look(
        "KL (classic)", "sky", (7, 4), "The KL search of the first int8 tools for ncnn"
    ),
    "aciq": Look(
        "ACIQ", "orange", (2, 3), "Best for a bell curve as wide as the largest value says"
    ),
    "percentile": Look("percentile", "purple", (8, 3, 2, 3), "Clips 0.01 % of all values"),
    "mse": Look(
        "MSE", "green", (4, 3), "Least mean squared error, of clipping and rounding together"
    ),
    "minmax": Look("min-max", "grey", (1, 3), "Clips nothing: the largest value that was seen"),
    BY_HAND: Look("by hand", "ink", (), "You set this threshold"),
}


NO_DECIBELS = 1e-9
"""So little is rounding."""


def look_of(method: str) -> Look:
    """How a method appears; one that is not in `LOOKS` is grey and has its own name."""
    return LOOKS.get(method) or Look(method, "grey", (), f"The search {method}")


def digits(value: float, count: int = 4) -> str:
    """Write a number with a few significant digits, as the plots do: 0.0123, 1.5e-7, none."""
    if not math.isfinite(value):
        return "none"
    text = f"{value:.{count - 1}e}"
    if value and not 1e-4 <= abs(float(text)) < 1e9:
        mantissa, exponent = text.split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent):+d}"
    return repr(float(text)).removesuffix(".0")


def percent(share: float) -> str:
    """Write a share (0 to 1) in percent."""
    return f"{digits(100 * share, 3)} %"


def decibels(value: float) -> str:
    """Write a ratio of signal to noise, given in dB."""
    if math.isinf(value):
        return "no error" if value > 0 else "nothing but noise"
    return f"{digits(value if abs(value) > NO_DECIBELS else 0.0, 3)} dB"

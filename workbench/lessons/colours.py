"""The page's colours (look.css), for pictures, which cannot read a style sheet."""

from __future__ import annotations

import re
from pathlib import Path

GREY = "#7a7a7a"
"""Text of this grey reads on white and on near-black."""
_SHEET = Path(__file__).resolve().parents[1] / "widgets" / "assets" / "look.css"
_HEX = re.compile(r"--wb-(\w+): (#[0-9a-f]{6});")
COLOURS: dict[str, str] = dict(reversed(_HEX.findall(_SHEET.read_text(encoding="utf-8")))) | {
    "ink": GREY,
    "grey": GREY,
}
"""Each colour of the page's light theme by name: kept, line, clipped, blue, sky, orange, ..."""


def hue(colour: str) -> str:
    """The colour of a name; what is no name is a colour already."""
    return COLOURS.get(colour, colour)


def faint(colour: str, share: float = 0.28) -> str:
    """The colour, mostly transparent."""
    hex = hue(colour).lstrip("#")
    red, green, blue = (int(hex[i : i + 2], 16) for i in (0, 2, 4))
    return f"rgba({red}, {green}, {blue}, {share})"

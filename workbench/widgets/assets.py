"""The scripts and styles of the page: files in `assets/`, one for each part.

A widget's module in the browser can import no file, so the scripts that it needs are joined.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "assets"


def script(*names: str) -> str:
    """The text of some scripts, joined into one module in the order given."""
    return "".join((FOLDER / name).read_text(encoding="utf-8") for name in names)


@cache
def style() -> str:
    """The text of every style sheet; look.css, which has the colours, comes first."""
    sheets = sorted(FOLDER.glob("*.css"), key=lambda sheet: (sheet.name != "look.css", sheet.name))
    return "".join(sheet.read_text(encoding="utf-8") for sheet in sheets)

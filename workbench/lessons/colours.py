"""The page's colours (look.css), for pictures, which cannot read a style sheet."""

from __future__ import annotations

import re

from workbench.widgets.assets import style

GREY = "#7a7a7a"
"""Text of this grey reads on white and on near-black."""
_HEX = re.compile(r"--wb-(\w+): (#[0-9a-f]{6});")
COLOURS: dict[str, str] = dict(reversed(_HEX.findall(style()))) | {"ink": GREY, "grey": GREY}
"""Each colour of the page's light theme by name: kept, line, clipped, blue, sky, orange, ..."""

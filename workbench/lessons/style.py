"""How every picture of the lessons looks: properties of plotly's axes and layout."""

from __future__ import annotations

from workbench.lessons.colours import COLOURS, GREY

GRID = "rgba(128, 128, 128, 0.28)"
AXIS = {
    "gridcolor": GRID,
    "linecolor": GRID,
    "zerolinecolor": GRID,
    "ticks": "outside",
    "tickcolor": GRID,
    "automargin": True,
    "exponentformat": "SI",
    "minexponent": 6,
}
LOG = {"type": "log", "dtick": 1, "tickfont_size": 12, "exponentformat": "power"}
TWO_FIVE = {"dtick": "D2", "tickformat": "~g"}
"""Marks at 1, 2 and 5 of each power of ten, written out: plotly alone writes 20 as a small 2."""
LAYOUT = {
    "template": "none",
    "colorway": [COLOURS[c] for c in ("blue", "orange", "green", "purple", "sky", "clipped")],
    "font": {"color": GREY, "size": 13, "family": "system-ui, sans-serif"},
    "title": {"x": 0.02, "xanchor": "left", "font": {"size": 15}},
    "paper_bgcolor": "rgba(0, 0, 0, 0)",
    "plot_bgcolor": "rgba(0, 0, 0, 0)",
    "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    "margin": {"l": 60, "r": 20, "t": 75, "b": 50},
    "hovermode": "closest",
    "modebar": {"bgcolor": "rgba(0, 0, 0, 0)", "color": GREY, "activecolor": COLOURS["blue"]},
    "bargap": 0.15,
}

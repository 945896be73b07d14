"""Pictures joined into one that moves."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.lessons.colours import COLOURS, GREY
from workbench.lessons.picture import Picture
from workbench.lessons.style import GRID


def film(pictures: Mapping[str, Picture], word: str = "") -> Picture:
    """Join pictures into one that has a slider and a button to play.

    The pictures must hold the same kinds of traces in the same order; marks, notes and windows
    may differ. Saved without a kernel, it moves too.

    Args:
        pictures: each by the label of its place on the slider.
        word: what stands before that label, e.g. "threshold: ".

    Returns:
        The first picture, which now holds the others as frames.
    """
    first = next(iter(pictures.values()))
    shown = ("title", "shapes", "annotations", "xaxis", "yaxis", "xaxis2", "yaxis2")
    first.figure.frames = [
        {
            "name": label,
            "data": picture.figure.data,
            "layout": {
                k: v for k, v in picture.figure.layout.to_plotly_json().items() if k in shown
            },
        }
        for label, picture in pictures.items()
    ]
    at_once = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}}
    at_once["transition"] = {"duration": 0}
    steps = [{"method": "animate", "label": k, "args": [[k], at_once]} for k in pictures]
    play = at_once | {"frame": {"duration": 700, "redraw": True}, "fromcurrent": True}
    buttons = [
        {"label": "Play", "method": "animate", "args": [None, play]},
        {"label": "Stop", "method": "animate", "args": [[None], at_once]},
    ]
    height = first.figure.layout.height + 90
    first.figure.update_layout(
        height=height,
        margin_b=135,
        sliders=[_SLIDER | {"steps": steps, "currentvalue": {"prefix": word, "xanchor": "left"}}],
        updatemenus=[_BUTTONS | {"buttons": buttons}],
    )
    return first


_SLIDER = {
    "x": 0.12,
    "len": 0.88,
    "y": -0.28,
    "pad": {"t": 20},
    "bgcolor": GRID,
    "bordercolor": GRID,
    "tickcolor": GREY,
    "activebgcolor": COLOURS["blue"],
    "font": {"color": GREY},
}
_BUTTONS = {
    "type": "buttons",
    "direction": "left",
    "x": 0.1,
    "y": -0.28,
    "xanchor": "right",
    "yanchor": "top",
    "pad": {"t": 20},
    "showactive": False,
    "bgcolor": "rgba(0, 0, 0, 0)",
    "bordercolor": GRID,
    "font": {"color": GREY},
}

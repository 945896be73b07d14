"""The pictures of the lessons: one style, made with plotly, which no other part imports.

A picture is drawn in the browser by what comes with plotly's package, without a kernel and
without a network. Its text and grid are of a middle grey on no background, which reads in a
light and in a dark theme.
"""

from __future__ import annotations

import json
import math
from typing import Any, Self

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray
from plotly.subplots import make_subplots

from workbench.lessons.colours import COLOURS, faint, hue
from workbench.lessons.style import AXIS, LAYOUT, LOG, TWO_FIVE

MIME = "application/vnd.plotly.v1+json"
CONFIG = {
    "showSendToCloud": False,  # plotly 7 otherwise offers to upload the data
    "modeBarButtonsToRemove": ["sendChartToCloud", "lasso2d", "select2d"],
    "displaylogo": False,
}
HEIGHT = 350


class Picture:
    """A plot that is built by its methods, each of which returns the picture itself.

        Picture("Rounding", x="value", y="error").line(x, y, "error").mark(0.5, "half a step")

    Args:
        title: what to see in it, in a few words.
        x: what the horizontal axis is, with its unit.
        y: what the vertical axis is, with its unit.
        log_x: whether the horizontal axis is logarithmic.
        log_y: whether the vertical axis is logarithmic.
        panels: titles of plots side by side, if there are several; the methods' `panel` says
            which one they draw in, 0 being the left one.
        height: in pixels.
    """

    def __init__(
        self,
        title: str,
        x: str = "",
        y: str = "",
        *,
        log_x: bool = False,
        log_y: bool = False,
        panels: tuple[str, ...] = ("",),
        height: int = HEIGHT,
    ) -> None:
        self.title = title
        self.figure = make_subplots(
            cols=len(panels), subplot_titles=panels, horizontal_spacing=0.22 / len(panels)
        )
        self.figure.update_layout(LAYOUT, title_text=title, height=height)
        if len(panels) > 1:  # their titles stand where the legend was
            self.figure.update_layout(legend_y=1.12, margin_t=100)
        self._log_x, self._log_y = log_x, log_y
        self.figure.update_xaxes(AXIS, title_text=x, **(LOG | TWO_FIVE if log_x else {}))
        self.figure.update_yaxes(AXIS, title_text=y, **(LOG if log_y else {}))

    def line(
        self,
        x: ArrayLike,
        y: ArrayLike,
        name: str = "",
        colour: str = "blue",
        *,
        dash: str = "solid",
        width: float = 2,
        panel: int = 0,
        **more: Any,
    ) -> Self:
        """Join points by a line; `dash` is "solid", "dash" or "dot"."""
        style = {"color": hue(colour), "dash": dash, "width": width}
        return self._add(go.Scatter, panel, name, x=x, y=y, mode="lines", line=style, **more)

    def steps(
        self,
        edges: ArrayLike,
        heights: ArrayLike,
        name: str = "",
        colour: str = "line",
        *,
        fill: bool = True,
        panel: int = 0,
        **more: Any,
    ) -> Self:
        """Draw a histogram: `heights` (n,) between `edges` (n + 1,). At most some 300 bins."""
        tops = np.asarray(heights)
        return self.line(
            edges,
            np.append(tops, tops[-1:]),
            name,
            colour,
            width=1.5,
            panel=panel,
            line_shape="hv",
            fill="tozeroy" if fill else None,
            fillcolor=faint(colour) if fill else None,
            **more,
        )

    def points(
        self,
        x: ArrayLike,
        y: ArrayLike,
        name: str = "",
        colour: str = "clipped",
        *,
        size: float = 7,
        symbol: str = "circle",
        panel: int = 0,
        **more: Any,
    ) -> Self:
        """Draw points; `symbol` may be "circle", "square", "diamond", "x", "circle-open"."""
        style = {"color": hue(colour), "size": size, "symbol": symbol}
        return self._add(go.Scatter, panel, name, x=x, y=y, mode="markers", marker=style, **more)

    def bars(
        self,
        x: ArrayLike,
        y: ArrayLike,
        name: str = "",
        colour: str = "kept",
        *,
        panel: int = 0,
        **more: Any,
    ) -> Self:
        """Draw bars; several sets stand side by side."""
        return self._add(go.Bar, panel, name, x=x, y=y, marker_color=hue(colour), **more)

    def grid(
        self,
        values: ArrayLike,
        name: str = "",
        *,
        numbers: bool = False,
        panel: int = 0,
        **more: Any,
    ) -> Self:
        """Draw an array (rows, columns) as squares: blue below zero, orange above.

        Args:
            values: the array; its first row is drawn on top.
            name: what a value is.
            numbers: whether each square says its value.
            panel: which plot to draw in.
            more: other properties of plotly's Heatmap.
        """
        array = np.asarray(values)
        reach = float(np.abs(array).max()) or 1.0
        scale = [[0, COLOURS["sky"]], [0.5, "#e4e4e4"], [1, COLOURS["orange"]]]  # under black text
        look = {"colorscale": scale, "zmin": -reach, "zmax": reach, "showlegend": False}
        look |= dict.fromkeys(("xgap", "ygap"), int(max(array.shape) <= 20))
        text = {"texttemplate": "%{z}", "textfont_color": "#111111"} if numbers else {}
        self._add(go.Heatmap, panel, name, z=array, showscale=False, **(look | text | more))
        bare = {"showgrid": False, "zeroline": False, "constrain": "domain"}
        self._axes("update_xaxes", panel, **bare)
        self._axes(
            "update_yaxes", panel, **bare, autorange="reversed", scaleanchor=f"x{_nth(panel)}"
        )
        return self

    def mark(
        self,
        x: float,
        text: str = "",
        colour: str = "clipped",
        *,
        panel: int = 0,
    ) -> Self:
        """Draw a vertical line, and a text at its top."""
        self.figure.add_vline(
            x,
            line={"color": hue(colour), "dash": "dash", "width": 1.5},
            annotation_text=text,
            annotation_font_color=hue(colour),
            annotation_position="top right",
            annotation_x=_place(x, self._log_x),
            row=1,
            col=panel + 1,
        )
        return self

    def level(self, y: float, text: str = "", colour: str = "grey", *, panel: int = 0) -> Self:
        """Draw a horizontal line, and a text at its right end."""
        self.figure.add_hline(
            y,
            line={"color": hue(colour), "dash": "dot", "width": 1.5},
            annotation_text=text,
            annotation_font_color=hue(colour),
            annotation_position="top right",
            annotation_y=_place(y, self._log_y),
            row=1,
            col=panel + 1,
        )
        return self

    def note(
        self, x: float, y: float, text: str, colour: str = "grey", *, panel: int = 0, **more: Any
    ) -> Self:
        """Write a text at a point, with an arrow; `ax` and `ay` (pixels) say where it stands."""
        look = {"font_color": hue(colour), "arrowcolor": hue(colour), "ax": 40, "ay": -30}
        place = {"x": _place(x, self._log_x), "y": _place(y, self._log_y), "text": text}
        self.figure.add_annotation(**(place | look | more), row=1, col=panel + 1)
        return self

    def text(self, x: float, y: float, text: str, size: float = 12, anchor: str = "center") -> Self:
        """Write a text at a point; `anchor` is "left" if it begins there."""
        look = {"showarrow": False, "font_size": size, "xanchor": anchor}
        self.figure.add_annotation(x=x, y=y, text=text, **look)
        return self

    def path(self, path: str, colour: str = "grey") -> Self:
        """Draw a line along the `d` of an SVG path, in the units of the axes."""
        line = {"color": hue(colour), "width": 1.2}
        self.figure.add_shape(type="path", path=path, line=line, layer="below")
        return self

    def box(
        self, middle: tuple[float, float], half: tuple[float, float], colour: str = "grey"
    ) -> Self:
        """Draw a box around its middle, half its width and height being given."""
        (x, y), (a, b) = middle, half
        corners = {"x0": x - a, "x1": x + a, "y0": y - b, "y1": y + b}
        line = {"color": hue(colour), "width": 1.5}
        self.figure.add_shape(type="rect", line=line, fillcolor=faint(colour, 0.14), **corners)
        return self

    def window(
        self,
        x: tuple[float, float] | None = None,
        y: tuple[float, float] | None = None,
        *,
        panel: int = 0,
    ) -> Self:
        """Show this range only; on a logarithmic axis the exponents of ten."""
        for update, span in (("update_xaxes", x), ("update_yaxes", y)):
            if span:
                self._axes(update, panel, range=list(span))
        return self

    def axis(self, panel: int, x: str | None = None, y: str | None = None) -> Self:
        """Name the axes of one panel otherwise than the picture's."""
        for update, text in (("update_xaxes", x), ("update_yaxes", y)):
            if text is not None:
                self._axes(update, panel, title_text=text)
        return self

    def data(self) -> dict[str, Any]:
        """The picture as plotly's JSON: data, layout, frames and config."""
        self.figure.update_layout(showlegend=_named(self.figure.data) > 1)
        found: dict[str, Any] = json.loads(self.figure.to_json())
        return found | {"config": CONFIG}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {MIME: self.data(), "text/plain": f"Picture: {self.title}"}

    def _add(self, kind: Any, panel: int, name: str, **parts: Any) -> Self:
        arrays = {key: _short(parts[key]) for key in ("x", "y", "z") if parts.get(key) is not None}
        trace = kind({"name": name, "showlegend": bool(name)} | parts | arrays)
        self.figure.add_trace(trace, row=1, col=panel + 1)
        return self

    def _axes(self, update: str, panel: int, **properties: Any) -> None:
        getattr(self.figure, update)(properties, row=1, col=panel + 1)


def _short(values: ArrayLike) -> NDArray[Any]:
    """The array in no more than four bytes an element, which saves room in the notebook."""
    array = np.asarray(values)
    if array.dtype.kind == "f":
        return array.astype(np.float32)
    small = array.dtype.kind in "iu" and (not array.size or abs(array).max() < 2**31)
    return array.astype(np.int32) if small else array


def _named(traces: Any) -> int:
    return sum(bool(trace.showlegend) for trace in traces)


def _place(value: Any, log: bool) -> Any:
    """Where a text stands: plotly wants exponents of ten on a logarithmic axis, for texts only."""
    return math.log10(value) if log else value


def _nth(panel: int) -> str:
    return str(panel + 1) if panel else ""

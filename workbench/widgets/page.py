"""The whole page: choose a layer, move its threshold, see what becomes of it, take it away."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import ipywidgets as widgets

from workbench.session import Session
from workbench.widgets.channels import ChannelsView
from workbench.widgets.chooser import LayerChooser
from workbench.widgets.controls import close_all, parts_of
from workbench.widgets.errors import ErrorsView
from workbench.widgets.exporter import ExportView
from workbench.widgets.history import History, HistoryView
from workbench.widgets.layers_table import LayerTable
from workbench.widgets.methods import MethodTable
from workbench.widgets.network import NetworkView
from workbench.widgets.numbers import Numbers
from workbench.widgets.output import OutputView
from workbench.widgets.plots import HistogramView, PlotView, SearchView, join
from workbench.widgets.steps import StepsView
from workbench.widgets.tabs import Tabs
from workbench.widgets.threshold import ThresholdControl
from workbench.widgets.view import mailbox_of


class Workbench(widgets.VBox):  # type: ignore[misc]
    """Every part over one session.

    Args:
        session: what is worked on.
        folder: where files are written unless the user types another folder.
        labels: names of the classes, or a text file with one on each line.
        labelled: inputs whose classes are known, to measure accuracy on: see `OutputView`.
    """

    def __init__(
        self,
        session: Session,
        folder: str | Path = "out",
        labels: Sequence[str] | str | Path = (),
        labelled: str | Path = "",
    ) -> None:
        self.session = session
        self.chooser = LayerChooser(session)
        self.history = History(session)
        self.histogram = HistogramView(session)
        self.threshold = ThresholdControl(session)
        self.numbers = Numbers(session)
        self.methods = MethodTable(session)
        self.errors = ErrorsView(session)
        self.layer = Tabs(
            {
                "Search": lambda: self._joined(SearchView(session)),
                "Step by step": partial(StepsView, session),
                "Channels": lambda: self._joined(ChannelsView(session)),
            }
        )
        self.network = Tabs(
            {
                "Network": partial(NetworkView, session),
                "Layers": partial(LayerTable, session),
                "Output": partial(OutputView, session, labels, labelled),
                "History": partial(HistoryView, session),
                "Export": partial(ExportView, session, folder),
            }
        )
        super().__init__(self._arranged())
        self.add_class("wb-view").add_class("wb-page")

    def _joined(self, part: PlotView) -> PlotView:
        join(self.histogram, part)
        return part

    def _arranged(self) -> list[widgets.Widget]:
        cards = [self.threshold, self.numbers, self.methods]
        side = widgets.VBox([card.add_class("wb-card") for card in cards])
        pictures = [self.histogram, self.errors.add_class("wb-card"), self.layer]
        return [
            widgets.HBox([self.chooser, self.history]).add_class("wb-bar-of-tools"),
            widgets.Box([widgets.VBox(pictures), side]).add_class("wb-columns"),
            self.network,
        ]

    def drain(self) -> None:
        """Wait until every part is up to date."""
        mailbox_of(self.session).drain()

    def close(self) -> None:
        """Stop watching the session and take the page away."""
        if self.comm is not None:
            parts = parts_of(self)
            super().close()
            for part in parts:
                close_all(part)

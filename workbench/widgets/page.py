"""The whole page: choose a layer, look, move its threshold, compare, write the table."""

from __future__ import annotations

from pathlib import Path

import ipywidgets as widgets

from workbench.session import Session
from workbench.widgets.controls import History, LayerChooser, MethodTable, ThresholdControl
from workbench.widgets.numbers import Numbers
from workbench.widgets.overview import Overview
from workbench.widgets.plots import HistogramView, SearchView, join
from workbench.widgets.saver import TableSaver
from workbench.widgets.view import mailbox_of


class Workbench(widgets.VBox):  # type: ignore[misc]
    """Every part over one session.

    Args:
        session: what is worked on.
        table: where the table is written unless the user types another path.
    """

    def __init__(self, session: Session, table: str | Path = "calibration.table") -> None:
        self.session = session
        self.chooser = LayerChooser(session)
        self.history = History(session)
        self.histogram = HistogramView(session)
        self.search = SearchView(session)
        self.threshold = ThresholdControl(session)
        self.numbers = Numbers(session)
        self.methods = MethodTable(session)
        self.overview = Overview(session)
        self.saver = TableSaver(session, table)
        join(self.histogram, self.search)
        super().__init__(self._arranged())
        self.add_class("wb-view").add_class("wb-page")

    def _arranged(self) -> list[widgets.Widget]:
        cards = [self.threshold, self.numbers, self.methods]
        side = widgets.VBox([card.add_class("wb-card") for card in cards]).add_class("wb-side")
        pictures = widgets.VBox([self.histogram, self.search])
        return [
            widgets.HBox([self.chooser, self.history]).add_class("wb-bar-of-tools"),
            widgets.Box([pictures, side]).add_class("wb-columns"),
            self.overview.add_class("wb-card"),
            self.saver.add_class("wb-card"),
        ]

    def drain(self) -> None:
        """Wait until every part is up to date."""
        mailbox_of(self.session).drain()

    def close(self) -> None:
        """Stop watching the session and take the page away."""
        for part in vars(self).values():
            if isinstance(part, widgets.Widget):
                part.close()
        super().close()

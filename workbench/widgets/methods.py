"""Take a method's threshold, for one layer or for all."""

from __future__ import annotations

import ipywidgets as widgets

from workbench.numerics.thresholds import METHODS
from workbench.session import Session
from workbench.widgets.controls import button
from workbench.widgets.look import decibels, digits, look_of
from workbench.widgets.view import View


class MethodTable(View):
    """Each method's threshold for the selected layer, to be taken for it or for all layers."""

    def __init__(self, session: Session) -> None:
        self.names = {method: widgets.HTML() for method in METHODS}
        self.figures = {method: widgets.HTML().add_class("wb-figure") for method in METHODS}
        self.here = {method: self._taker(method) for method in METHODS}
        self.everywhere = {method: self._taker(method, everywhere=True) for method in METHODS}
        columns = (self.names, self.figures, self.here, self.everywhere)
        cells = [column[method] for method in METHODS for column in columns]
        super().__init__(
            session,
            widgets.HTML("<h4>Take a method's threshold</h4>"),
            widgets.Box(cells).add_class("wb-methods"),
        )

    def refresh(self) -> None:
        """Show the thresholds, and which of them is in the plan."""
        layer = self.session.selected
        taken = self.session.plan[layer].method
        for method, search in self.session.searches(layer).items():
            name = look_of(method).named
            self.names[method].value = f"<b>{name}</b>" if method == taken else name
            noise = decibels(self.session.reading(layer, search.threshold).sqnr_db)
            self.figures[method].value = f"{digits(search.threshold)} <small>{noise}</small>"

    def _taker(self, method: str, everywhere: bool = False) -> widgets.Button:
        text, where = ("All", "all layers") if everywhere else ("Layer", "this layer")
        tooltip = f"Take {look_of(method).label} for {where}"
        return button(text, tooltip, self._take, method, everywhere)

    def _take(self, method: str, everywhere: bool) -> None:
        layers = None if everywhere else [self.session.selected]
        self.do(self.session.set_method, method, layers)

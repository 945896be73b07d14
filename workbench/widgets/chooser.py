"""Choose the layer that is looked at."""

from __future__ import annotations

from functools import partial

import ipywidgets as widgets

from workbench.session import Session
from workbench.widgets.controls import button, named
from workbench.widgets.view import View


class LayerChooser(View):
    """A list of the layers, and buttons to the previous and the next."""

    watches = ("selected",)

    def __init__(self, session: Session) -> None:
        self.layer = widgets.Dropdown(
            options=[
                (f"{number} · {decision.layer} ({decision.type})", decision.layer)
                for number, decision in enumerate(session.plan, 1)
            ],
            value=session.selected,
            layout={"width": "340px"},
            **named("Layer", "The layer whose input is looked at"),
        )
        self.previous = button("◀ Previous", "Look at the layer before this one", self._step, -1)
        self.next = button("Next ▶", "Look at the layer after this one", self._step, 1)
        self.hear(self.layer, "value", partial(self.do, session.select))
        super().__init__(session, widgets.HBox([self.layer, self.previous, self.next]))

    def refresh(self) -> None:
        """Show which layer is selected."""
        selected, layers = self.session.selected, self.session.layers
        self.layer.value = selected
        self.previous.disabled = selected == layers[0]
        self.next.disabled = selected == layers[-1]

    def _step(self, by: int) -> None:
        self.do(self._select_neighbour, by)

    def _select_neighbour(self, by: int) -> None:
        layers = self.session.layers
        place = layers.index(self.session.selected) + by
        self.session.select(layers[min(max(place, 0), len(layers) - 1)])

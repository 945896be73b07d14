"""What a person chooses with: the layer, its threshold, a method, float, undo and redo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets

from workbench.errors import CalibrationError
from workbench.numerics.thresholds import METHODS
from workbench.session import Session
from workbench.widgets.look import decibels, digits, look_of
from workbench.widgets.view import View

NARROW = {"width": "auto"}
TIGHT = {"description_width": "initial"}


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
            description="Layer",
            tooltip="The layer whose input is looked at",
            layout={"width": "340px"},
            style=TIGHT,
        )
        self.previous = _button("◀ Previous", "Look at the layer before this one", self._step, -1)
        self.next = _button("Next ▶", "Look at the layer after this one", self._step, 1)
        self.layer.observe(self._choose, "value")
        super().__init__(session, widgets.HBox([self.layer, self.previous, self.next]))

    def refresh(self) -> None:
        """Show which layer is selected."""
        selected, layers = self.session.selected, self.session.layers
        self.layer.value = selected
        self.previous.disabled = selected == layers[0]
        self.next.disabled = selected == layers[-1]

    def _choose(self, change: Mapping[str, Any]) -> None:
        if change["new"] != self.session.selected:
            self.do(self.session.select, change["new"])

    def _step(self, by: int) -> None:
        self.do(self._select_neighbour, by)

    def _select_neighbour(self, by: int) -> None:
        layers = self.session.layers
        place = layers.index(self.session.selected) + by
        self.session.select(layers[min(max(place, 0), len(layers) - 1)])


class History(View):
    """Undo and redo."""

    watches = ("can_undo", "can_redo")

    def __init__(self, session: Session) -> None:
        self.undo = _button("↶ Undo", "Take back the last change", self.do, session.undo)
        self.redo = _button("↷ Redo", "Make the change again", self.do, session.redo)
        super().__init__(session, widgets.HBox([self.undo, self.redo]))

    def refresh(self) -> None:
        """Disable what would do nothing."""
        self.undo.disabled = not self.session.can_undo
        self.redo.disabled = not self.session.can_redo


class ThresholdControl(View):
    """The selected layer's threshold as a number to type, and whether the layer stays float."""

    def __init__(self, session: Session) -> None:
        self.number = widgets.Text(
            description="Threshold",
            continuous_update=False,
            tooltip="Type a threshold in the units of the network and press Enter",
            layout={"width": "200px"},
            style=TIGHT,
        )
        self.keep_float = widgets.Checkbox(
            description="Keep this layer in float",
            tooltip="Leave the layer out of the table: ncnn then runs it in float",
            indent=False,
        )
        self.number.observe(self._type, "value")
        self.keep_float.observe(self._keep, "value")
        super().__init__(session, self.number, self.keep_float)

    def refresh(self) -> None:
        """Show the plan's decision."""
        decision = self.session.plan[self.session.selected]
        self.number.value = digits(decision.threshold, 6)
        self.keep_float.value = decision.keep_float

    def _type(self, change: Mapping[str, Any]) -> None:
        layer, text = self.session.selected, change["new"]
        if text != digits(self.session.plan[layer].threshold, 6):
            self.do(self._set, layer, text)

    def _set(self, layer: str, text: str) -> None:
        try:
            self.session.set_threshold(layer, _number(text))
        finally:
            self.refresh()

    def _keep(self, change: Mapping[str, Any]) -> None:
        layer = self.session.selected
        if change["new"] != self.session.plan[layer].keep_float:
            self.do(self.session.keep_float, layer, change["new"])


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
        return _button(text, tooltip, self._take, method, everywhere)

    def _take(self, method: str, everywhere: bool) -> None:
        layers = None if everywhere else [self.session.selected]
        self.do(self.session.set_method, method, layers)


def _button(text: str, tooltip: str, clicked: Any, *arguments: Any) -> widgets.Button:
    button = widgets.Button(description=text, tooltip=tooltip, layout=NARROW)
    button.on_click(lambda _: clicked(*arguments))
    return button


def _number(text: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise CalibrationError(
            f"{text!r} is not a number", advice="Write a threshold like 3.25."
        ) from None

"""What is decided for the selected layer by hand."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from workbench.errors import CalibrationError
from workbench.session import Session
from workbench.widgets.controls import button, named
from workbench.widgets.look import digits
from workbench.widgets.view import View

SIX_BITS = (
    "ncnn computes a 3x3 convolution of stride 1 in the int8 Winograd form, whose sums could "
    "overflow with weights of 8 bits: its own tool gives such a layer 6 bits (levels -31 to 31). "
    "8 bits are finer, and safe where the weights are small enough."
)
TIED = (
    "These layers read the same values. Where ncnn hands those on in int8 they have one scale, "
    "and a layer with another threshold would read them wrongly: untie layers only where the "
    "values between stay float."
)


class ThresholdControl(View):
    """What is decided for the selected layer: threshold, bits of its weights, float, ties."""

    watches = ("plan", "selected", "untied")

    def __init__(self, session: Session) -> None:
        self.number = widgets.Text(
            continuous_update=False,
            layout={"width": "200px"},
            **named("Threshold", "Type a threshold in the units of the network and press Enter"),
        )
        self.keep_float = widgets.Checkbox(
            description="Keep this layer in float",
            tooltip="Leave the layer out of the table: ncnn then runs it in float",
            indent=False,
        )
        self.bits = widgets.Dropdown(
            options=[("8 bits", 8), ("6 bits", 6)],
            layout={"width": "200px"},
            **named("Weights", SIX_BITS),
        )
        self.ties = widgets.HTML().add_class("wb-ties")
        self.tie = button("Untie", "", self._tie)
        self.hear(self.number, "value", self._on_layer(self._set))
        self.hear(self.keep_float, "value", self._on_layer(session.keep_float))
        self.hear(self.bits, "value", self._on_layer(session.set_bits))
        self.tied = widgets.HBox([self.ties, self.tie]).add_class("wb-tied")
        super().__init__(session, self.number, self.tied, self.bits, self.keep_float)

    def refresh(self) -> None:
        """Show the plan's decision, and what can be decided for this layer."""
        layer = self.session.selected
        decision = self.session.plan[layer]
        self.number.value = digits(decision.threshold, 6)
        self.keep_float.value = decision.keep_float
        self.bits.value = decision.bits
        self.bits.layout.display = None if 6 in self.session.bits_possible(layer) else "none"
        self._show_ties(layer)

    def _show_ties(self, layer: str) -> None:
        others = [name for name in self.session.siblings(layer) if name != layer]
        self.tied.layout.display = None if others else "none"
        moving = [name for name in self.session.tied(layer) if name != layer]
        named = escape(", ".join(moving or others))
        self.ties.value = f"Moves with {named}" if moving else f"Moves alone, not with {named}"
        self.ties.tooltip = TIED
        self.tie.description = "Untie" if moving else "Tie"
        self.tie.tooltip = (
            "Let this layer have a threshold of its own"
            if moving
            else "Let these layers have one threshold again"
        )

    def _on_layer(self, command: Callable[[str, Any], None]) -> Callable[[Any], None]:
        """Give a command for the layer that is selected now, though it is done later."""
        return lambda value: self.do(command, self.session.selected, value)

    def _set(self, layer: str, text: str) -> None:
        try:
            self.session.set_threshold(layer, _number(text))
        finally:
            self._redraw()

    def _tie(self) -> None:
        self.do(self._turn, self.session.selected)

    def _turn(self, layer: str) -> None:
        moving = len(self.session.tied(layer)) > 1
        (self.session.untie if moving else self.session.tie)(layer)


def _number(text: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise CalibrationError(
            f"{text!r} is not a number", advice="Write a threshold like 3.25."
        ) from None

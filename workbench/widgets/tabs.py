"""Tabs whose parts are made when they are first looked at, and rest while they are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import RLock

import ipywidgets as widgets

from workbench.widgets.view import View


class Tabs(widgets.Tab):  # type: ignore[misc]
    """One part of the page at a time.

    Args:
        parts: what makes each part, by the title of its tab. A part is made when its tab is
            first chosen; the first one at once.
    """

    def __init__(self, parts: Mapping[str, Callable[[], View]]) -> None:
        self._makers = tuple(parts.values())
        self._made: dict[int, View] = {}
        self._lock = RLock()  # JupyterLab's messages come on more than one thread
        super().__init__([widgets.VBox() for _ in parts], titles=tuple(parts))
        self.add_class("wb-tabs")
        self.observe(lambda _: self._show(), "selected_index")
        self._show()

    @property
    def made(self) -> tuple[View, ...]:
        """The parts that were looked at so far."""
        return tuple(self._made.values())

    def part(self, title: str) -> View:
        """Return a part, choosing its tab."""
        with self._lock:
            index = self.titles.index(title)
            self.selected_index = index
            return self._made[index]

    def _show(self) -> None:
        with self._lock:
            chosen = self.selected_index
            for index, part in self._made.items():
                part.asleep = index != chosen
            if chosen is not None and chosen not in self._made:
                self._made[chosen] = self._makers[chosen]()
                self.children[chosen].children = [self._made[chosen]]

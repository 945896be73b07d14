"""How the decisions came about: undo and redo, every step, snapshots, and what differs."""

from __future__ import annotations

from html import escape

import anywidget
import ipywidgets as widgets
from traitlets import Int, List, Unicode

from workbench.session import Change, Session
from workbench.widgets.assets import script, style
from workbench.widgets.controls import button, close_all, named
from workbench.widgets.look import digits, look_of
from workbench.widgets.view import View

START, PRESENT = (0,), (None,)
MOST_ROWS = 300
WHAT = {
    "method": "method",
    "threshold": "threshold",
    "bits": "bits of the weights",
    "weight_scales": "weight scales",
    "keep_float": "kept in float",
    "untied": "moves alone",
}


class History(View):
    """Undo and redo; and, after a drag, that it could not be saved."""

    watches = ("can_undo", "can_redo", "unsaved")

    def __init__(self, session: Session) -> None:
        self.undo = button("↶ Undo", "Take back the last change", self.do, session.undo)
        self.redo = button("↷ Redo", "Make the change again", self.do, session.redo)
        self._unsaved = ""
        super().__init__(session, widgets.HBox([self.undo, self.redo]))

    def refresh(self) -> None:
        """Disable what would do nothing; say what happened to the file."""
        self.undo.disabled = not self.session.can_undo
        self.redo.disabled = not self.session.can_redo
        if self._unsaved != self.session.unsaved:
            self._unsaved = self.session.unsaved
            self.say(self._unsaved and f"Not saved: {self._unsaved}", wrong=True)


class StepList(anywidget.AnyWidget):
    """Steps in words, the newest first; one is the present, those after it are undone.

    A click on a step, or a key, sends the message `{"go": index}`.

    Attributes:
        words: what each step did, in the order in which they were done.
        at: index of the present.
    """

    _esm = script("kit.js", "history.js")
    _css = style()

    words = List(Unicode()).tag(sync=True)
    at = Int(0).tag(sync=True)


class HistoryView(View):
    """The log of steps, in which a click goes to a step; snapshots; and their differences."""

    watches = ("log", "can_redo", "snapshots")
    rest_s = 0.3

    def __init__(self, session: Session) -> None:
        self.moves = History(session)
        self.steps = StepList()
        self.steps.on_msg(self._asked)
        self.name = widgets.Text(
            placeholder="a name, such as: before conv4",
            layout={"flex": "1 1 160px", "min_width": "120px"},
            **named("Name", "What to call the present decisions"),
        )
        self.keep = button("Keep snapshot", "Keep the present decisions by this name", self._keep)
        self.shelf = widgets.VBox()
        self.table = widgets.HTML().add_class("wb-difference")
        self.before = _moments("From", "What to compare", START)
        self.after = _moments("to", "What to compare it with", PRESENT)
        for chosen in (self.before, self.after):
            self.hear(chosen, "value", self._changed)
        super().__init__(session, *self._arranged())
        self.add_class("wb-history")

    def refresh(self) -> None:
        """Show the steps, the snapshots, and what differs."""
        with self.steps.hold_sync():
            self.steps.words = [step.words for step in self.session.steps]
            self.steps.at = self.session.at
        names = tuple(self.session.snapshots)
        if [row.name for row in self.shelf.children] != list(names):
            self._fill_shelf(names)
        changes = self.session.difference(*self.before.value, *self.after.value)
        self.table.value = _table(changes)

    def _arranged(self) -> list[widgets.Widget]:
        log = widgets.VBox([widgets.HTML("<h4>Steps</h4>"), self.moves, self.steps])
        kept = widgets.VBox([
            widgets.HTML("<h4>Snapshots</h4>"),
            widgets.HBox([self.name, self.keep]).add_class("wb-keep"),
            self.shelf,
            widgets.HTML("<h4>Difference</h4>"),
            widgets.HBox([self.before, self.after]).add_class("wb-moments"),
            self.table,
        ])  # fmt: skip
        return [widgets.HBox([log, kept]).add_class("wb-history-columns")]

    def _fill_shelf(self, names: tuple[str, ...]) -> None:
        old = self.shelf.children
        self.shelf.children = [_Shelved(self, name) for name in names]
        for row in old:
            close_all(row)
        moments = [("the start", START), *((f"“{name}”", (name,)) for name in names)]
        for chosen in (self.before, self.after):
            value = chosen.value
            chosen.options = [*moments, ("the present", PRESENT)]
            known = value in (START, PRESENT) or value[0] in names
            chosen.value = value if known else PRESENT

    def _asked(self, _: StepList, message: dict[str, int], __: list[memoryview]) -> None:
        self.do(self._go_to, message["go"])

    def _go_to(self, step: int) -> None:
        try:
            self.session.go_to(step)
        finally:
            self._redraw()

    def _keep(self) -> None:
        self.do(self._snapshot, self.name.value.strip())

    def _snapshot(self, name: str) -> None:
        self.session.snapshot(name)
        self.name.value = ""


class _Shelved(widgets.HBox):  # type: ignore[misc]
    """A snapshot's name and what can be done with it."""

    def __init__(self, view: HistoryView, name: str) -> None:
        self.name, session = name, view.session
        label = widgets.HTML(escape(name)).add_class("wb-snapshot")
        self.restore = button("Restore", f"Go back to “{name}”", view.do, session.restore, name)
        self.forget = button("Forget", f"Throw “{name}” away", view.do, session.forget, name)
        super().__init__([label, self.restore, self.forget])
        self.add_class("wb-shelved")


def _moments(text: str, tooltip: str, value: tuple[int | None]) -> widgets.Dropdown:
    return widgets.Dropdown(
        options=[("the start", START), ("the present", PRESENT)],
        value=value,
        layout={"flex": "1 1 140px", "min_width": "120px", "width": "auto"},
        **named(text, tooltip),
    )


def _table(changes: tuple[Change, ...]) -> str:
    if not changes:
        return '<p class="wb-none">Nothing differs.</p>'
    rows = "".join(map(_row, changes[:MOST_ROWS]))
    more = len(changes) - MOST_ROWS
    rest = f'<p class="wb-none">and {more} more</p>' if more > 0 else ""
    head = '<tr><th scope="col">Layer<th scope="col">What<th scope="col">Before → after</tr>'
    return f'<table class="wb-changes">{head}{rows}</table>{rest}'


def _row(change: Change) -> str:
    before, after = change.before, change.after
    if isinstance(before, tuple) and isinstance(after, tuple):
        other = sum(a != b for a, b in zip(before, after, strict=True))
        values = f"{other} of {len(after)} are others"
    else:
        values = f"{_written(change.what, before)} → {_written(change.what, after)}"
    what = WHAT.get(change.what, change.what)
    return f'<tr><th scope="row">{escape(change.layer)}<td>{what}<td>{escape(values)}</tr>'


def _written(what: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return digits(value, 6)
    return look_of(str(value)).label if what == "method" else str(value)

"""Take the result away: the table, the int8 network, the integer plan, the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from threading import Event

import anywidget
import ipywidgets as widgets
from traitlets import Unicode

from workbench.calibration.plan import Plan
from workbench.errors import WorkbenchError
from workbench.export.products import PRODUCTS, Order, produce
from workbench.session import Session
from workbench.session.mailbox import Mailbox
from workbench.widgets.assets import script, style
from workbench.widgets.controls import TIGHT, button, named
from workbench.widgets.view import View


class ReportLink(anywidget.AnyWidget):
    """Opens a page, or saves it where the browser saves; both without a server.

    Attributes:
        html: the page; empty for none.
        name: the name of its file.
    """

    _esm = script("export.js")
    _css = style()

    html = Unicode().tag(sync=True)
    name = Unicode().tag(sync=True)


@dataclass(frozen=True)
class Outcome:
    """What came of one product: what to say, and the plan that it was made of."""

    said: str
    plan: Plan
    wrong: bool = False
    told: tuple[str, ...] = ()


class Stopped(Exception):  # noqa: N818 nothing is wrong
    """The user has stopped it."""


class ExportView(View):
    """A folder, a name, and a button for each product; what came of each is said below.

    Args:
        session: what is taken away.
        folder: where files are written unless the user types another place.
        stem: what their names begin with; by default that of the network's own file.
    """

    watches = ("plan",)
    rest_s = 0.3

    def __init__(self, session: Session, folder: str | Path = "out", stem: str = "") -> None:
        self._work = Mailbox()
        self._stop = Event()
        self._outcomes: dict[str, Outcome] = {}
        own = session.model.param_path
        self.folder = _field("Folder", str(folder), "Where to write; it is made if need be")
        name = stem or (Path(own).stem if own else "network")
        self.stem = _field("Name", name, "What the names of the files begin with")
        self.makers = {
            key: button(product.label, product.means, self._start, (key,))
            for key, product in PRODUCTS.items()
        }
        self.all = button("All", "Write all four", self._start, tuple(PRODUCTS))
        self.all.button_style = "primary"
        self.bar = widgets.IntProgress(description="", layout={"flex": "1 1 160px"}, style=TIGHT)
        self.stop = button("Stop", "Write no more; what is written stays", self._stop.set)
        self.running = widgets.HBox([self.bar, self.stop], layout={"display": "none"})
        self.results = widgets.HTML()
        self.link = ReportLink()
        super().__init__(
            session,
            widgets.HBox([self.folder, self.stem]).add_class("wb-export-row"),
            widgets.Box(self._shelf()).add_class("wb-export-shelf"),
            self.running,
            self.results,
            self.link,
        )

    def _shelf(self) -> list[widgets.Widget]:
        """The button of each product, and what it is."""
        makers = [*self.makers.values(), self.all]
        means = [*(product.means for product in PRODUCTS.values()), "All four, one by one."]
        rows = zip(makers, map(widgets.HTML, map(escape, means)), strict=True)
        return [part for row in rows for part in row]

    def refresh(self) -> None:
        """Say what came of each product, and whether the plan has changed since."""
        rows = [
            f"<li>{self._row(key, self._outcomes[key])}</li>"
            for key in PRODUCTS
            if key in self._outcomes
        ]
        self.results.value = f'<ul class="wb-outcomes" role="status">{"".join(rows)}</ul>'

    def drain(self) -> None:
        """Wait until all is written and every view of the session is up to date."""
        self._work.drain()
        super().drain()

    def close(self) -> None:
        """Stop writing, and take the part off the page."""
        self._stop.set()
        super().close()

    def _row(self, key: str, outcome: Outcome) -> str:
        kind = ' class="wb-wrong"' if outcome.wrong else ""
        text = f"<b>{escape(PRODUCTS[key].label)}</b> <span{kind}>{escape(outcome.said)}</span>"
        text += "".join(f'<div class="wb-told">{escape(line)}</div>' for line in outcome.told)
        if outcome.plan != self.session.plan and not outcome.wrong:
            text += '<div class="wb-old">The plan has changed since: write it again.</div>'
        return text

    def _start(self, keys: Sequence[str]) -> None:
        self._stop.clear()
        self._busy(True)
        self._work.post(object(), partial(self._guarded, partial(self._write, keys)))

    def _busy(self, busy: bool) -> None:
        for each in (*self.makers.values(), self.all, self.folder, self.stem):
            each.disabled = busy
        self.running.layout.display = None if busy else "none"

    def _write(self, keys: Sequence[str]) -> None:
        self.say("")
        try:
            for key in keys:
                self.bar.description = PRODUCTS[key].label
                self._progress(0, 1)
                self._outcomes[key] = self._outcome(key)
                self._redraw()
        except Stopped:
            self.say("Stopped. What was written before stays.")
        finally:
            self._busy(False)

    def _outcome(self, key: str) -> Outcome:
        plan, told = self.session.plan, dict[str, None]()
        try:
            paths = produce(key, self._order(plan, told.setdefault))
        except WorkbenchError as error:
            return Outcome(str(error), plan, wrong=True)
        if key == "report":
            self._offer(paths[0])
        return Outcome("; ".join(map(_described, paths)), plan, told=tuple(told))

    def _order(self, plan: Plan, tell: Callable[[str], object]) -> Order:
        text = self.folder.value.strip()
        if not text or "\0" in text:
            raise WorkbenchError("there is no folder", advice="Type where to write.")
        folder = Path(text).expanduser().resolve()
        stem = self.stem.value.strip()
        given = self.session.model, plan, self.session.probes
        return Order(*given, folder, stem, self._progress, tell)

    def _progress(self, done: int, whole: int) -> None:
        if self._stop.is_set():
            raise Stopped
        with self.bar.hold_sync():
            self.bar.max, self.bar.value = whole, done

    def _offer(self, path: Path) -> None:
        with self.link.hold_sync():
            self.link.html, self.link.name = path.read_text(encoding="utf-8"), path.name


def _field(text: str, value: str, tooltip: str) -> widgets.Text:
    return widgets.Text(
        value=value,
        layout={"flex": "1 1 220px", "width": "auto"},
        **named(text, tooltip),
    )


def _described(path: Path) -> str:
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    size = _bytes(sum(file.stat().st_size for file in files))
    return f"{path} ({len(files)} files, {size})" if path.is_dir() else f"{path} ({size})"


def _bytes(count: float) -> str:
    if count < 1000:
        return f"{count:.0f} bytes"
    unit = "kB" if count < 999_500 else "MB"
    return f"{count / (1e3 if unit == 'kB' else 1e6):.3g} {unit}"

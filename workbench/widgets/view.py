"""What all parts of the page share: they watch a session, and redraw off the main thread."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Hashable
from functools import partial
from html import escape
from threading import RLock, get_ident
from typing import Any
from weakref import WeakKeyDictionary

import ipywidgets as widgets
from traitlets import HasTraits

from workbench.errors import WorkbenchError
from workbench.session import Session
from workbench.session.mailbox import Mailbox, Work
from workbench.widgets.controls import close_all, parts_of, sheet

Watched = tuple[tuple[HasTraits, tuple[str, ...]], ...]
_MAILBOXES: WeakKeyDictionary[Session, Mailbox] = WeakKeyDictionary()


def mailbox_of(session: Session) -> Mailbox:
    """The one mailbox of a session: all its views draw, and give commands, on one thread."""
    return _MAILBOXES.setdefault(session, Mailbox())


class View(widgets.VBox):  # type: ignore[misc]
    """A part of the page. Whoever derives from it fills `refresh` and names what it `watches`.

    What goes wrong, in a redraw or in a command, is said on the page, below the part.
    """

    watches: tuple[str, ...] = ("plan", "selected")
    rest_s = 0.15

    def __init__(self, session: Session, *children: widgets.Widget) -> None:
        self._asleep = self._missed = False
        self._answered: object = None
        self._lock, self._drawer = RLock(), 0
        self.session = session
        self.mailbox = mailbox_of(session)
        self.notice = widgets.HTML().add_class("wb-notice")
        super().__init__([sheet(), *children, self.notice])
        self.add_class("wb-view")
        for source, names in self.watched():
            source.observe(self._changed, names)
        self._guarded(self._redraw)

    def refresh(self) -> None:
        """Show what the session holds now. Called on the mailbox's thread, first on the maker's."""

    def watched(self) -> Watched:
        """What has it drawn anew: objects, and names of their traits."""
        return ((self.session, self.watches),)

    def hear(self, control: HasTraits, trait: str, heard: Callable[[Any], object]) -> None:
        """Call `heard` with what a person sets a control to.

        What `refresh` sets it to is no command: the session may have moved on since.
        """

        def hear(change: Any) -> None:
            if self._drawer != get_ident():
                heard(change["new"])

        control.observe(hear, trait)

    def do(self, command: Callable[..., object], *arguments: Any) -> None:
        """Give the session a command; none is dropped, and they stay in order."""
        self.post(object(), partial(self._command, command, *arguments))

    def post(self, key: Hashable, work: Work, rest_s: float = 0.0) -> None:
        """Have work done on the mailbox's thread; its error is said on the page."""
        self.mailbox.post(key, partial(self._guarded, work), rest_s)

    def answer(self, text: str, wrong: bool = False) -> None:
        """Say what came of a command, until another changes the plan or the selected layer."""
        self.say(text, wrong)
        self._answered = self._state

    @property
    def _state(self) -> object:
        return getattr(self.session, "plan", None), getattr(self.session, "selected", None)

    def say(self, text: str, wrong: bool = False) -> None:
        """Show one line below the part; an empty text takes it away."""
        self._answered = None
        kind = ' class="wb-wrong"' if wrong else ""
        self.notice.value = f'<p role="status"{kind}>{escape(text)}</p>' if text else ""
        (self.notice.add_class if text else self.notice.remove_class)("wb-said")

    @property
    def asleep(self) -> bool:
        """Whether nobody looks: it then refreshes when it is woken, not at each change."""
        return self._asleep

    @asleep.setter
    def asleep(self, asleep: bool) -> None:
        self._asleep = asleep
        if self._missed and not asleep:
            self._changed()

    def drain(self) -> None:
        """Wait until every view of this session is up to date."""
        self.mailbox.drain()

    def close(self) -> None:
        """Stop watching, and take the part off the page."""
        if self.comm is not None:  # ipywidgets closes again when the object goes
            for source, names in self.watched():
                source.unobserve(self._changed, names)
            parts = parts_of(self)
            super().close()
            for part in parts:
                close_all(part)

    def _changed(self, _: object = None) -> None:
        self._missed = self._asleep
        if not self._asleep:
            self.post(id(self), self._redraw, self.rest_s)  # a key must not keep it alive

    def _redraw(self) -> None:
        with self._lock:  # of two threads the later one draws the newer state
            self._drawer = get_ident()
            try:
                if self.comm is not None:  # it was not closed while this waited
                    if self._answered not in (None, self._state):
                        self.say("")
                    self.refresh()
            finally:
                self._drawer = 0

    def _command(self, command: Callable[..., object], *arguments: Any) -> None:
        self.say("")
        command(*arguments)

    def _guarded(self, work: Work) -> None:
        try:
            work()
        except WorkbenchError as error:
            self.answer(str(error), wrong=True)
        except Exception as error:  # the page must not fall silent
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.say(
                f"The page failed: {type(error).__name__}: {error} ({where.name}, line "
                f"{where.lineno} of {where.filename})",
                wrong=True,
            )

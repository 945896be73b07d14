"""What is decided and how it came about: undo, redo, snapshots, and the file that keeps them."""

from __future__ import annotations

import atexit
from pathlib import Path
from threading import RLock
from types import MappingProxyType

from traitlets import Bool, HasTraits, Instance, Tuple, Unicode

from workbench.calibration.plan import Plan
from workbench.calibration.statistics import Statistics
from workbench.errors import CalibrationError, WorkbenchError
from workbench.files import Seen, seen_at
from workbench.session.changes import Change, changes
from workbench.session.file import Saved, packed_statistics, save_session
from workbench.session.history import History, State, Step
from workbench.session.mailbox import Mailbox

SAVE_REST_S = 0.25
"""A drag is saved no more often than this."""
Moment = str | int | None
SAVER = Mailbox()
"""Saves what was dragged, of all sessions."""
atexit.register(SAVER.drain)


class Decisions(HasTraits):
    """One immutable state, replaced by each command.

    Args:
        stats: what the decisions rest on.
        start: the first state.
        preprocessing: `preprocessing_of` the probes, which the file remembers.

    Traits (observe them):
        plan: the current decisions.
        untied: names of the layers that move alone though others read their blob.
        selected: name of the layer that is looked at.
        can_undo, can_redo: whether the command would do anything.
        log: what each step that undo can take back did, in words, the last one last.
        snapshots: the named states.
        unsaved: why what was dragged could not be saved; empty if it could. Of other commands
            the caller hears.
    """

    plan = Instance(Plan)
    untied = Instance(frozenset)
    selected = Unicode()
    can_undo = Bool(False)
    can_redo = Bool(False)
    log = Tuple()
    snapshots = Instance(MappingProxyType)
    unsaved = Unicode()

    def __init__(self, stats: Statistics, start: State, preprocessing: str = "") -> None:
        self.stats = stats
        self.path: Path | None = None
        self._lock = RLock()
        self._gesture: object = None
        self._history = History.starting(start)
        self._preprocessing = preprocessing
        self._packed: bytes = b""
        self._seen: Seen | None = None
        super().__init__(
            plan=start.plan,
            untied=start.untied,
            selected=start.plan.layers[0].layer,
            snapshots=MappingProxyType({}),
        )

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step, those that redo would do again included; the first is the start."""
        return self._history.steps

    @property
    def at(self) -> int:
        """Index in `steps` of the one that led to the present."""
        return self._history.at

    def difference(self, before: Moment, after: Moment = None) -> tuple[Change, ...]:
        """List what differs from one moment to another.

        Args:
            before, after: a snapshot's name, a step's index, or None for the present.

        Raises:
            CalibrationError: there is no such snapshot or step.
        """
        with self._lock:
            return changes(self._state_at(before), self._state_at(after))

    def select(self, layer: str) -> None:
        """Look at another layer."""
        with self._lock:
            self.selected = self.plan[layer].layer
            self._autosave()

    def undo(self) -> None:
        """Go back one step."""
        with self._lock:
            self._show(self._history.went_to(self.at - 1))

    def redo(self) -> None:
        """Go forward again one step."""
        with self._lock:
            self._show(self._history.went_to(self.at + 1))

    def go_to(self, step: int) -> None:
        """Undo or redo until a step of `steps` is the present; 0 is the start.

        Raises:
            CalibrationError: there is no such step.
        """
        with self._lock:
            self._step(step)
            self._show(self._history.went_to(step))

    def snapshot(self, name: str) -> None:
        """Keep the present decisions under a name.

        Raises:
            CalibrationError: the name is empty or taken.
        """
        with self._lock:
            if not name:
                raise CalibrationError("a snapshot needs a name", advice="Type one first.")
            if name in self.snapshots:
                raise CalibrationError(
                    f"a snapshot {name!r} is there already",
                    advice="Choose another name, or forget the old one first.",
                )
            self.snapshots = MappingProxyType({**self.snapshots, name: self._history.present})
            self._autosave()

    def forget(self, name: str) -> None:
        """Throw a snapshot away.

        Raises:
            CalibrationError: there is none of that name.
        """
        with self._lock:
            self._named(name)
            kept = {other: state for other, state in self.snapshots.items() if other != name}
            self.snapshots = MappingProxyType(kept)
            self._autosave()

    def restore(self, name: str) -> None:
        """Go back to a snapshot's decisions, as a step that can be undone.

        Raises:
            CalibrationError: there is none of that name.
        """
        with self._lock:
            state = self._named(name)
            self._do(f"snapshot {name!r} restored", state.plan, untied=state.untied)

    def save(self, path: str | Path | None = None) -> None:
        """Save the session; with a path there, in place of what is there, and from now on.

        Raises:
            CalibrationError: it has no path, or another session has saved there since.
            WorkbenchError: the file cannot be written.
        """
        with self._lock:
            if path is not None:
                self._save_at(Path(path))
                return
            if self.path is None:
                raise CalibrationError("this session has no path", advice="Name one: save(path).")
            if seen_at(self.path) not in (None, self._seen):
                raise CalibrationError(
                    "another session was saved here since, and is not overwritten",
                    where=str(self.path),
                    advice="Save this one elsewhere, or go on with that one by Session.open.",
                )
            self._save_at(self.path)

    # --- the rest -------------------------------------------------------------------------

    def _save_dragged(self) -> None:
        """Save on the saver's thread, where nobody catches an error."""
        try:
            self.save()
        except WorkbenchError as error:
            self.unsaved = str(error)
            raise

    def _save_at(self, path: Path) -> None:
        parts = (self.stats, self._history, self.selected, self.snapshots)
        self._packed = self._packed or packed_statistics(self.stats)
        save_session(Saved(*parts, self._preprocessing), path, self._packed)
        self.path, self._seen, self.unsaved = path, seen_at(path), ""

    def _do(
        self, words: str, plan: Plan, gesture: object = None, untied: frozenset[str] | None = None
    ) -> None:
        new = State(plan, self.untied if untied is None else untied)
        if new != self._history.present:
            same = gesture is not None and gesture == self._gesture
            self._show(self._history.went_on(Step(words, new), same), gesture)

    def _show(self, history: History, gesture: object = None) -> None:
        self._gesture = gesture
        self._history = history
        with self.hold_trait_notifications():
            self.plan = history.present.plan
            self.untied = history.present.untied
            self.can_undo = history.can_undo
            self.can_redo = history.can_redo
            self.log = history.log
        self._autosave(gesture is not None)

    def _autosave(self, soon: bool = False) -> None:
        """Save now, or soon: while something is dragged, a save each time would be felt."""
        if self.path is not None:
            if soon:
                SAVER.post(
                    id(self), self._save_dragged, SAVE_REST_S
                )  # a key must not keep it alive
            else:
                self.save()

    def _begin_at(self, path: Path) -> None:
        if path.exists():
            raise CalibrationError(
                "a file is here already",
                where=str(path),
                advice="Go on with it by Session.open, or choose another path.",
            )
        self.save(path)

    def _take(self, saved: Saved, path: Path, seen: Seen | None) -> None:
        """Be what was saved."""
        self._show(saved.history)
        self.selected = saved.selected
        self.snapshots = MappingProxyType(dict(saved.snapshots))
        self._preprocessing = self._preprocessing or saved.preprocessing
        self.path, self._seen = path, seen

    def _state_at(self, moment: Moment) -> State:
        if moment is None:
            return self._history.present
        return self._named(moment) if isinstance(moment, str) else self._step(moment).state

    def _step(self, index: int) -> Step:
        if index not in range(len(self.steps)):
            raise CalibrationError(
                f"there is no step {index}", advice=f"There are 0 to {len(self.steps) - 1}."
            )
        return self.steps[index]

    def _named(self, name: str) -> State:
        try:
            found: State = self.snapshots[name]
        except KeyError:
            raise CalibrationError(
                f"there is no snapshot {name!r}",
                advice=f"There are: {', '.join(self.snapshots) or 'none'}.",
            ) from None
        return found

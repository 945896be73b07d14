"""Work off the main thread, where the newest wins: what makes a drag feel light.

While a threshold is dragged, values arrive faster than numbers can be computed and painted.
Work that waits is replaced by newer work of the same key, and one thread does all of it, so
that nothing queues up and no two callbacks race.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable

from workbench.errors import WorkbenchError

Work = Callable[[], None]
_LOG = logging.getLogger(__name__)


def problem_of(error: Exception, what: str) -> str:
    """What to say of an error on a thread; one that is not ours is a mistake, and logged as well.

    Args:
        error: what was caught.
        what: what failed, for the log: "the errors on the probes".
    """
    if isinstance(error, WorkbenchError):
        return str(error)
    _LOG.error("%s failed", what, exc_info=error)
    return f"{type(error).__name__}: {error}"


class Mailbox:
    """Does posted work on one daemon thread, in order; of each key only the newest waits."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[Hashable, tuple[Work, float]] = {}
        self._rested: dict[Hashable, float] = {}
        self._worker: threading.Thread | None = None

    def post(self, key: Hashable, work: Work, rest_s: float = 0.0) -> None:
        """Have `work` done soon, instead of what waits under the same key; return at once.

        Args:
            key: what is to be renewed; a new object for work that must not be dropped.
            work: called without arguments; it handles its own errors.
            rest_s: if not 0, the clock beats in multiples of these seconds, and between two beats
                work of this key starts once. A browser paints all that it is sent, however
                late: it must not be sent too much, and what shares a beat it paints at once.
        """
        with self._changed:
            self._waiting.pop(key, None)
            self._waiting[key] = work, rest_s
            if self._worker is None:
                self._worker = threading.Thread(target=self._run, name="workbench", daemon=True)
                self._worker.start()
            self._changed.notify_all()

    def stale(self, key: Hashable) -> bool:
        """Whether newer work waits under a key: long work asks between its steps."""
        with self._changed:
            return key in self._waiting

    def drain(self, timeout_s: float = 60.0) -> None:
        """Wait until nothing is left to do.

        Raises:
            TimeoutError: something is, after `timeout_s` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._worker is None, timeout_s):
                raise TimeoutError(f"work is still under way after {timeout_s} s")

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            key, work, rest_s = taken
            try:
                work()
            except Exception:  # the thread lives on, for the work of others
                _LOG.exception("work for %r failed", key)
            if rest_s:
                self._rested[key] = (time.monotonic() // rest_s + 1) * rest_s

    def _take(self) -> tuple[Hashable, Work, float] | None:
        """The first work whose key has rested, waiting for it; None, and no worker, at the end."""
        with self._changed:
            while self._waiting:
                now = time.monotonic()
                self._rested = {key: due for key, due in self._rested.items() if due > now}
                ready = next((key for key in self._waiting if key not in self._rested), None)
                if ready is not None:
                    return ready, *self._waiting.pop(ready)
                self._changed.wait(min(self._rested[key] for key in self._waiting) - now)
            self._worker = None
            self._changed.notify_all()
            return None

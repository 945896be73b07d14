"""Whether the compiled loops are there; without them NumPy gives the same bits, more slowly.

To compile them takes a tenth of a second, so it happens in the background, while a network is
tried out, and what comes before its end is counted by NumPy.
"""

from __future__ import annotations

import threading
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

SPARE = 16
"""Places behind the bins of a table, where zeros are counted."""

LANES = 4
"""Copies of each equal bin, which neighbouring values take in turn."""

_lock = threading.Lock()
_thread: threading.Thread | None = None
_loops: ModuleType | None = None


def loops() -> ModuleType | None:
    """Return `workbench.numerics.loops`, or None if it is not ready or there is no llvmlite."""
    return _loops


def prepare(wait: bool = False) -> None:
    """Begin to load the compiled loops, unless that has been done.

    Args:
        wait: return only when they are ready, or it is known that there are none.
    """
    global _thread
    with _lock:
        if _thread is None:
            _thread = threading.Thread(target=_load, name="compiled loops")
            _thread.start()
    if wait:
        _thread.join()


def _load() -> None:
    global _loops
    try:
        from workbench.numerics import loops
    except ImportError:
        return
    _loops = loops


def whole(values: NDArray[Any], width: int) -> tuple[NDArray[Any], ...]:
    """Cut values (n,) into whole groups, and the rest, if there is one, filled up with zeros."""
    even = values.size // width * width
    if values.size == even:
        return (values,)
    rest = np.zeros(width, values.dtype)
    rest[: values.size - even] = values[even:]
    return values[:even], rest

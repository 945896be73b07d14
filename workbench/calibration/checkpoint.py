"""The file that keeps a collection while it runs, so that not even a power cut loses it.

A NumPy .npz without pickled objects: `meta` (JSON text) and one array for each attribute of the
tallies, with one row for each blob.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.calibration.fine import FINE_BINS, FineTally
from workbench.calibration.state import STAGES, AnyTally, Kept, State
from workbench.calibration.tally import Tally
from workbench.files import reading, replacing
from workbench.numerics.histogram import BINS

VERSION = 1
KIND: dict[int, type[AnyTally]] = {1: FineTally, 2: Tally}
SIZE: dict[type[AnyTally], int] = {FineTally: FINE_BINS, Tally: BINS}
_STATE = ("passes", "total", "stage", "done")


def save_checkpoint(kept: Kept, path: Path) -> None:
    """Write a collection's state, replacing the file only when the whole is written."""
    state = kept.state
    meta = {
        "version": VERSION,
        "model_sha256": kept.model_sha256,
        "mark": kept.mark,
        "blobs": list(state.tallies),
        "left_out": state.left_out,
        **{name: getattr(state, name) for name in _STATE},
    }
    names = [field.name for field in fields(KIND[state.passes])]
    tallies = [t.settled if isinstance(t, FineTally) else t for t in state.tallies.values()]
    columns: dict[str, Any] = {n: np.array([getattr(t, n) for t in tallies]) for n in names}
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, meta=np.array(json.dumps(meta)), **columns)


def load_checkpoint(path: Path) -> Kept:
    """Read what `save_checkpoint` wrote.

    Raises:
        FormatError: the file is of another kind or version, or contradicts itself.
    """
    with (
        reading(
            path,
            "a checkpoint of a collection",
            "Give another file, or remove it to start anew.",
        ),
        path.open("rb") as stream,
        np.load(stream, allow_pickle=False) as file,
    ):
        return _assemble(json.loads(str(file["meta"])), dict(file))


def _assemble(meta: dict[str, Any], columns: dict[str, NDArray[Any]]) -> Kept:
    if meta["version"] != VERSION:
        raise ValueError(f"version {meta['version']}, not {VERSION}")
    numbers = {name: int(meta[name]) for name in _STATE}
    kind = KIND[numbers["passes"]]
    rows = zip(*(columns[field.name] for field in fields(kind)), strict=True)
    tallies = [kind(*map(_plain, row)) for row in rows]
    if any(tally.counts.shape != (SIZE[kind],) for tally in tallies):
        raise ValueError("counts of another number of bins")
    if not 0 <= numbers["done"] <= numbers["total"]:
        raise ValueError("more is done than there is")
    if not 0 <= numbers["stage"] < len(STAGES[numbers["passes"]]):
        raise ValueError("no such stage")
    state = State(
        tallies=dict(zip(meta["blobs"], tallies, strict=True)),
        left_out=tuple(meta["left_out"]),
        **numbers,
    )
    return Kept(state, str(meta["model_sha256"]), str(meta["mark"]))


def _plain(value: Any) -> Any:
    return value if isinstance(value, np.ndarray) else value.item()

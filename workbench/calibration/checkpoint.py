"""The file that keeps a collection while it runs, so that not even a power cut loses it.

A NumPy .npz without pickled objects: `meta` (JSON text), `counts` (those of all blobs one after
another), and for each other attribute of the tallies an array with one number for each blob.
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

VERSION = 2
KIND: dict[int, type[AnyTally]] = {1: FineTally, 2: Tally}
_STATE = ("passes", "total", "stage", "done")


def save_checkpoint(kept: Kept, path: Path) -> None:
    """Write a collection's state, replacing the file only when the whole is written."""
    state = kept.state
    tallies = state.tallies.values()
    counts = [tally.counts for tally in tallies]
    meta = {
        "version": VERSION,
        "model_sha256": kept.model_sha256,
        "mark": kept.mark,
        "blobs": list(state.tallies),
        "sizes": [array.size for array in counts],
        "left_out": state.left_out,
        **{name: getattr(state, name) for name in _STATE},
    }
    columns: dict[str, Any] = {
        name: np.array([getattr(tally, name) for tally in tallies])
        for name in _scalars(state.passes)
    }
    columns["counts"] = np.concatenate(counts)
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
    tallies = _tallies(numbers["passes"], meta["sizes"], columns)
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


def _tallies(passes: int, sizes: list[int], columns: dict[str, NDArray[Any]]) -> list[AnyTally]:
    good = range(FINE_BINS + 1) if passes == 1 else (BINS,)
    if any(size not in good for size in sizes) or sum(sizes) != columns["counts"].size:
        raise ValueError("counts of another number of bins")
    counts = np.split(columns["counts"], np.cumsum(sizes)[:-1])
    names = _scalars(passes)
    rows = zip(*(columns[name] for name in names), strict=True)
    return [
        KIND[passes](counts=part, **{n: value.item() for n, value in zip(names, row, strict=True)})
        for part, row in zip(counts, rows, strict=True)
    ]


def _scalars(passes: int) -> list[str]:
    return [field.name for field in fields(KIND[passes]) if field.name != "counts"]

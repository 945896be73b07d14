"""A session as one file: a zip archive that can be read without running anything in it.

`session.json` holds the decisions, every plan of the history as indexes into one list of them;
`weight_scales.npy` (float64) the weight scales, one row of decisions' scales after the other;
`statistics.npz` what `save_statistics` writes. Nothing is pickled, and all is checked against
the network before it is believed.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from workbench.calibration.inputs import FileInputs, Item, MultiInput
from workbench.calibration.plan import LayerPlan, Plan
from workbench.calibration.statistics import Statistics, load_statistics, save_statistics
from workbench.errors import CalibrationError, FormatError, WorkbenchError
from workbench.files import replacing
from workbench.model import Model
from workbench.session.check import check_statistics, decision_of, exactly, names_of
from workbench.session.history import History, State, Step

T = TypeVar("T")
KIND = "int8-workbench session"
VERSION = 1
LARGEST = 1 << 26
"""Bytes that a file may unpack to; a thousand steps on a large network take a tenth of it."""


@dataclass(frozen=True)
class Saved:
    """All that a session file keeps.

    Attributes:
        stats: what was counted.
        history: every step, and which is the present.
        selected: the layer that is looked at.
        snapshots: named states.
        preprocessing: `preprocessing_of` the probes; "" if there were none.
    """

    stats: Statistics
    history: History
    selected: str
    snapshots: Mapping[str, State]
    preprocessing: str = ""


def packed_statistics(stats: Statistics) -> bytes:
    """The statistics as `save_statistics` writes them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "statistics.npz"
        save_statistics(stats, path)
        return path.read_bytes()


def save_session(saved: Saved, path: str | Path, statistics: bytes) -> None:
    """Write a session, replacing the file only when the whole is written.

    Args:
        saved: what to write.
        path: where to.
        statistics: `packed_statistics(saved.stats)`, made once since they never change.

    Raises:
        WorkbenchError: the file cannot be written.
    """
    meta, scales = _packed(saved)
    array = BytesIO()
    np.save(array, scales)
    try:
        with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            archive.writestr("session.json", json.dumps(meta), zipfile.ZIP_DEFLATED, 1)
            archive.writestr("weight_scales.npy", array.getvalue())
            archive.writestr("statistics.npz", statistics)
    except WorkbenchError as error:
        raise WorkbenchError(
            f"the session could not be saved: {error.problem}",
            where=str(path),
            advice="The change itself is made; save the session at another place.",
        ) from error


def load_session(path: str | Path, model: Model) -> Saved:
    """Read what `save_session` wrote.

    Raises:
        FormatError: the file is missing, damaged, of another kind or version, or contradicts
            itself or the network.
        CalibrationError: it was saved with another network.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = _parts(archive, "session.json", "weight_scales.npy", "statistics.npz")
        meta = json.loads(parts["session.json"])
        _check_kind(meta)
        if meta["model_sha256"] != model.sha256:
            raise CalibrationError(
                "this session was saved with another network",
                where=str(path),
                advice="Give the .param and .bin that it was made with, or another path.",
            )
        scales = np.load(BytesIO(parts["weight_scales.npy"]), allow_pickle=False)
        return _unpacked(meta, scales, _statistics(parts["statistics.npz"], model), model)
    except CalibrationError:
        raise
    except Exception as error:  # whatever a damaged file makes the readers stumble over
        raise FormatError(
            f"not a session of the workbench ({_reason(error)})",
            where=str(path),
            advice="The file is damaged or was not written by a session.",
        ) from error


def _reason(error: Exception) -> str:
    said = error.problem if isinstance(error, WorkbenchError) else str(error)
    return said.splitlines()[0][:200] if said else type(error).__name__


def preprocessing_of(probes: Sequence[Item]) -> str:
    """sha256 of how files become arrays; "" for arrays, which are preprocessed already."""
    if isinstance(probes, FileInputs):
        return hashlib.sha256(repr(probes.reader).encode()).hexdigest()
    if isinstance(probes, MultiInput):
        lines = [f"{name} {preprocessing_of(part)}" for name, part in probes.parts.items()]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return ""


def _packed(saved: Saved) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    rows, scales = _Pool[LayerPlan](), _Pool[tuple[float, ...]]()

    def pack(state: State) -> dict[str, Any]:
        numbers = [rows.number(decision) for decision in state.plan]
        return {"decisions": numbers, "untied": sorted(state.untied)}

    steps = [{"words": step.words, **pack(step.state)} for step in saved.history.steps]
    snapshots = {name: pack(state) for name, state in saved.snapshots.items()}
    decisions = [
        [
            d.layer,
            d.method,
            float(d.threshold),
            d.bits,
            scales.number(d.weight_scales),
            d.keep_float,
        ]
        for d in rows.things
    ]
    meta = {
        "kind": KIND,
        "version": VERSION,
        "model_sha256": saved.stats.model_sha256,
        "inputs": saved.stats.inputs,
        "preprocessing": saved.preprocessing,
        "scale_counts": [len(row) for row in scales.things],
        "decisions": decisions,
        "steps": steps,
        "at": saved.history.at,
        "selected": saved.selected,
        "snapshots": snapshots,
    }
    return meta, np.array(list(chain.from_iterable(scales.things)), np.float64)


class _Pool(Generic[T]):
    """Numbers things by identity: plans share most of theirs, and hashing them all is slow."""

    def __init__(self) -> None:
        self.things: list[T] = []
        self._numbers: dict[int, int] = {}

    def number(self, thing: T) -> int:
        if id(thing) not in self._numbers:
            self._numbers[id(thing)] = len(self.things)
            self.things.append(thing)
        return self._numbers[id(thing)]


def _parts(archive: zipfile.ZipFile, *names: str) -> dict[str, bytes]:
    """Read parts of an archive, none of which may unpack to more than it should."""
    if sum(archive.getinfo(name).file_size for name in names) > LARGEST:
        raise ValueError("it unpacks to too much")
    return {name: archive.read(name) for name in names}


def _statistics(packed: bytes, model: Model) -> Statistics:
    with zipfile.ZipFile(BytesIO(packed)) as archive:
        _parts(archive, *archive.namelist())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "statistics.npz"
        path.write_bytes(packed)
        stats = load_statistics(path)
    check_statistics(stats, model)
    return stats


def _check_kind(meta: Any) -> None:
    if exactly(dict, meta).get("kind") != KIND:
        raise ValueError("it is of another kind")
    if meta["version"] != VERSION:
        raise ValueError(f"its version is {meta['version']!r}, this workbench reads {VERSION}")


def _unpacked(meta: Any, scales: Any, stats: Statistics, model: Model) -> Saved:
    if meta["inputs"] != stats.inputs:
        raise ValueError("its statistics are of other inputs than its decisions")
    if scales.dtype != np.float64 or scales.ndim != 1:
        raise TypeError("weight scales are not float64")
    counts = [exactly(int, count) for count in exactly(list, meta["scale_counts"])]
    if min(counts, default=0) < 0 or sum(counts) != scales.size:
        raise ValueError("weight scales are missing")
    ends = np.cumsum([0, *counts]).tolist()
    rows = [tuple(scales[start:end].tolist()) for start, end in pairwise(ends)]
    layers = {layer.name: layer for layer in model.quantizable}
    decisions = [decision_of(row, rows, layers) for row in exactly(list, meta["decisions"])]

    def state_of(packed: Any) -> State:
        chosen = tuple(decisions[exactly(int, number)] for number in packed["decisions"])
        if tuple(decision.layer for decision in chosen) != tuple(layers):
            raise ValueError("a plan does not have the network's layers")
        return State(Plan(chosen, model.sha256), frozenset(names_of(packed["untied"], layers)))

    steps = tuple(Step(exactly(str, p["words"]), state_of(p)) for p in exactly(list, meta["steps"]))
    if exactly(int, meta["at"]) not in range(len(steps)):
        raise ValueError("its present is not among its steps")
    snapshots = exactly(dict, meta["snapshots"])
    return Saved(
        stats=stats,
        history=History(steps, meta["at"]),
        selected=names_of([meta["selected"]], layers)[0],
        snapshots={name: state_of(packed) for name, packed in snapshots.items()},
        preprocessing=exactly(str, meta["preprocessing"]),
    )

"""Where a layer is lowered: its blobs, and the list that its operations go to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import GraphError
from workbench.export.lowering.records import Operation, StoredBlob
from workbench.graph import Layer
from workbench.numerics.fixed_point import Multiplier8, Rescale

Array = NDArray[Any]
Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Site:
    """One layer.

    Attributes:
        layer: the layer.
        bottoms: its bottoms, as it takes them.
        tops: its tops as they come out.
        add_blob: takes a blob in between.
        add: takes an operation.
    """

    layer: Layer
    bottoms: Sequence[StoredBlob]
    tops: Sequence[StoredBlob]
    add_blob: Callable[[StoredBlob], None]
    add: Callable[[Operation], None]

    def emit(
        self,
        kind: str,
        bottoms: Sequence[StoredBlob],
        top: StoredBlob,
        numbers: dict[str, int] | None = None,
        arrays: dict[str, Array] | None = None,
    ) -> None:
        """Add an operation."""
        held = {name: _read_only(array) for name, array in (arrays or {}).items()}
        whole = {name: int(number) for name, number in (numbers or {}).items()}
        names = tuple(blob.name for blob in bottoms)
        self.add(
            Operation(
                kind,
                self.layer.name,
                names,
                top.name,
                MappingProxyType(whole),
                MappingProxyType(held),
            )
        )

    def between(self, purpose: str, like: StoredBlob, scale: Any = None) -> StoredBlob:
        """Make a blob of the same shape that only this layer sees."""
        given = like.scale if scale is None else np.asarray(scale, np.float32)
        blob = StoredBlob(f"{self.layer.name} {purpose}", like.shape, "int8", given)
        self.add_blob(blob)
        return blob

    def rescale(self, bottom: StoredBlob, top: StoredBlob, change: Rescale) -> None:
        """Add the change of a scale."""
        arrays, numbers = multipliers(change)
        self.emit("rescale", [bottom], top, laid(top.shape) | numbers, arrays)

    def refuse(self, problem: str) -> GraphError:
        """Return the error that says why this layer has no plain operation."""
        return GraphError(
            problem,
            where=f"layer {self.layer.name} ({self.layer.type})",
            advice="Keep the layer in float and see whether it is then the last one, or change it.",
        )


def laid(shape: Shape) -> dict[str, int]:
    """A blob as channels, the first axis, of so many elements each."""
    return {"channels": shape[0], "plane": prod(shape[1:])}


def multipliers(change: Rescale, prefix: str = "") -> tuple[dict[str, Array], dict[str, int]]:
    """Multiplier and shift as int32 arrays of equal length, and whether each channel has its own.

    Of a `Multiplier8` E and F, of a `Multiplier31` M0 and its shift.
    """
    given = change.multiplier
    if isinstance(given, Multiplier8):
        factor, shift = given.e, np.full(given.e.shape, given.f)
    else:
        factor, shift = given.m0.astype(np.int64), given.shift
    arrays = {
        f"{prefix}multiplier": factor.astype(np.int32),
        f"{prefix}shift": shift.astype(np.int32),
    }
    return arrays, {f"{prefix}rescale_each": factor.size > 1}


def bounds(low: Array, high: Array) -> tuple[dict[str, Array], dict[str, int]]:
    """Bounds as int8 arrays, and whether each channel has its own."""
    return {"low": low.astype(np.int8), "high": high.astype(np.int8)}, {"bounds_each": low.size > 1}


def _read_only(array: Array) -> Array:
    copy = np.ascontiguousarray(array).copy()
    copy.setflags(write=False)
    return copy

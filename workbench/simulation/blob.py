"""Blobs of a simulated network, and a whole run of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.graph import Graph
from workbench.numerics.affine import dequantize

Source = Literal["input", "int8 kernel", "integers", "moved", "ncnn float", "ncnn int8"]

Scale = float | NDArray[np.float32]
"""Of a whole blob, or read-only float32 (channels,), one for each channel, the first axis."""


@dataclass(frozen=True, eq=False)
class Blob:
    """One blob.

    Attributes:
        array: int8 or float32, read-only; int32 in the scheme of that name.
        scale: of integers: real = array / scale; None if it is float.
        source: what computed it: "input" (the user), "int8 kernel" (int8 arithmetic in NumPy),
            "integers" (arithmetic in integers alone),
            "moved" (the same elements as those of another blob), "ncnn float" or "ncnn int8"
            (ncnn's own layer, because there is no kernel for it).
        overflows: how many numbers did not fit in 32 bits on the way to it.
    """

    array: NDArray[Any]
    scale: Scale | None
    source: Source
    overflows: int = 0

    def __post_init__(self) -> None:
        self.array.setflags(write=False)
        if isinstance(self.scale, np.ndarray):
            self.scale.setflags(write=False)

    @property
    def real(self) -> NDArray[np.float32]:
        """The values in real units, float32."""
        if self.scale is None:
            return self.array
        scale = np.asarray(self.scale, np.float32)
        return dequantize(self.array, scale.reshape(-1, *[1] * (self.array.ndim - 1)))

    def equals(self, other: Blob) -> bool:
        """Tell whether both hold the same bits in the same scale."""
        if self.array.dtype != other.array.dtype or not _same(self.scale, other.scale):
            return False
        bits = f"i{self.array.itemsize}"
        ours, theirs = self.array.view(bits), other.array.view(bits)
        # what differs mostly differs in its first channel
        return np.array_equal(ours[:1], theirs[:1]) and np.array_equal(ours, theirs)


@dataclass(frozen=True, eq=False)
class Run:
    """What one input becomes in a simulated network.

    Attributes:
        blobs: every blob by name, in the order of the network.
        scheme: the scheme's name.
        graph: the layers of the float network.
        model_sha256: the network (`Model.sha256`).
        steps: for each layer by name what it computed with; an equal step on equal bottoms
            gives equal tops.
    """

    blobs: Mapping[str, Blob]
    scheme: str
    graph: Graph
    model_sha256: str
    steps: Mapping[str, bytes]

    def __getitem__(self, blob: str) -> Blob:
        return self.blobs[blob]

    @property
    def overflows(self) -> Mapping[str, int]:
        """How many numbers left 32 bits on the way to a blob, where any did."""
        return {name: blob.overflows for name, blob in self.blobs.items() if blob.overflows}


def _same(left: Scale | None, right: Scale | None) -> bool:
    if left is None or right is None:
        return left is right
    return np.array_equal(np.atleast_1d(left), np.atleast_1d(right))

"""Records of a lowered network: blobs, operations, where it starts and where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.numerics.affine import quantize
from workbench.numerics.fixed_point import Flavour, Multiplier8
from workbench.ops.integer.entering import enter_by_shift
from workbench.simulation.blob import Blob

Array = NDArray[Any]
Scale = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class StoredBlob:
    """A blob of the lowered network.

    Attributes:
        name: that of the network's blob; a blob in between has one with spaces in it, which no
            blob of a network has.
        shape: the slowest axis first.
        dtype: "int8", or "int32" for sums whose float form the network goes on with.
        scale: float32 (1,), or one for each channel (int32 of an inner product: each output);
            real = integer / scale.
        multiplier: of an int32 blob of a scheme that shifts: real = integer * E / 2^F instead.
    """

    name: str
    shape: tuple[int, ...]
    dtype: Literal["int8", "int32"]
    scale: Scale
    multiplier: Multiplier8 | None = None

    @property
    def count(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    def real(self, sums: Array) -> NDArray[np.float32]:
        """Turn the integers of an int32 blob into what the float part of the network goes on with.

        An activation of its layer is still to come.
        """
        axis = -1 if len(self.shape) == 2 else 0
        shape = [-1 if i == axis % sums.ndim else 1 for i in range(sums.ndim)]
        if self.multiplier is not None:
            product = sums.astype(np.int64) * self.multiplier.e.reshape(shape)
            return np.ldexp(product.astype(np.float32), -self.multiplier.f)
        return (sums / self.scale.astype(np.float64).reshape(shape)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Entrance:
    """Where floats become int8: what is outside the integer program, before it.

    Attributes:
        source: the network's float blob.
        name: of the int8 blob.
        scale: float32 (1,), or one for each channel.
        multiplier: scale = E / 2^F, where the scheme enters by a shift; else None.
    """

    source: str
    name: str
    scale: Scale
    multiplier: Multiplier8 | None

    def quantize(self, x: NDArray[np.float32]) -> NDArray[np.int8]:
        """Turn a float blob into the int8 that the integer program takes."""
        if self.multiplier is not None:
            return enter_by_shift(x, self.multiplier)
        return quantize(x, self.scale.reshape(-1, *[1] * (x.ndim - 1)))


@dataclass(frozen=True, eq=False)
class Operation:
    """One integer operation.

    Attributes:
        kind: what it does; `workbench.export.integer_plan` lists the kinds.
        layer: the layer of the network that it is part of.
        bottoms: blobs that it reads.
        top: the blob that it writes, or a part of which.
        numbers: its parameters.
        arrays: its constants, read-only.
    """

    kind: str
    layer: str
    bottoms: tuple[str, ...]
    top: str
    numbers: Mapping[str, int]
    arrays: Mapping[str, Array]


@dataclass(frozen=True)
class LeftOut:
    """A layer, or its activation, that stays float and is not part of the integer program.

    Attributes:
        layer: its name.
        why: why it stays float.
        behind: whether it comes behind the integer program; if not, before it.
    """

    layer: str
    why: str
    behind: bool


@dataclass(frozen=True, eq=False)
class Program:
    """A network in integers, from its int8 inputs to its last integer blobs.

    Attributes:
        scheme: name of the scheme.
        flavour: how every multiplier of it is applied.
        entrances: the int8 inputs, in order.
        blobs: all integer blobs by name, the inputs among them.
        operations: in order.
        left_out: what is float, before the entrances and behind the last integer blobs.
    """

    scheme: str
    flavour: Flavour
    entrances: tuple[Entrance, ...]
    blobs: Mapping[str, StoredBlob]
    operations: tuple[Operation, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def computed(self) -> tuple[StoredBlob, ...]:
        """The blobs that the program computes: all but its inputs."""
        inputs = {entrance.name for entrance in self.entrances}
        return tuple(blob for blob in self.blobs.values() if blob.name not in inputs)

    def input_bytes(self, blobs: Mapping[str, Blob]) -> bytes:
        """Turn the float inputs among the blobs of a run into the bytes that the program takes."""
        return b"".join(
            np.ascontiguousarray(entrance.quantize(blobs[entrance.source].array)).tobytes()
            for entrance in self.entrances
        )

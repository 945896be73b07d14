"""Records of carried scales: what each blob is, what each layer takes and gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.graph import Graph, Layer

Scale = NDArray[np.float32] | None
"""float32 (channels,), or (1,) for the whole blob; None for float."""

Form = Literal["int8", "float", "rescaled", "quantized", "dequantized"]


@dataclass(frozen=True, eq=False)
class BlobScale:
    """What a blob is.

    Attributes:
        blob: its name.
        scale: of an int8 blob, real = int8 / scale; None for a float one.
        why: where the scale came from, or why there is none: a sentence.
    """

    blob: str
    scale: Scale
    why: str

    def __post_init__(self) -> None:
        if self.scale is not None:
            self.scale.setflags(write=False)


@dataclass(frozen=True, eq=False)
class LayerScales:
    """What a layer takes and gives.

    Attributes:
        layer: the layer.
        integer: whether it computes in integers.
        why: for a layer in float, why.
        entries: the scale that each bottom is brought to before the layer computes, None for
            float.
        moved: of an op that only moves elements, the scale of each top as they come out, before
            it is multiplied by a factor where `tops` differs.
        tops: the scale of each top.
    """

    layer: Layer
    integer: bool
    why: str
    entries: tuple[Scale, ...]
    tops: tuple[Scale, ...]
    moved: tuple[Scale, ...] = ()


@dataclass(frozen=True, eq=False)
class Edge:
    """How a layer reads a blob.

    Attributes:
        blob: the blob.
        reader: name of the layer.
        form: "int8" or "float" as it is; "rescaled" from one int8 scale to another; "quantized"
            to int8; "dequantized" to float.
    """

    blob: str
    reader: str
    form: Form


@dataclass(frozen=True, eq=False, repr=False)
class Propagation:
    """The scales of a whole network.

    Attributes:
        graph: the network.
        blobs: each blob by name, in the order of the network.
        layers: each layer by name.
    """

    graph: Graph
    blobs: Mapping[str, BlobScale]
    layers: Mapping[str, LayerScales]

    def __getitem__(self, blob: str) -> BlobScale:
        return self.blobs[blob]

    def __repr__(self) -> str:
        integer = sum(scales.integer for scales in self.layers.values())
        return f"Propagation: {integer} of {len(self.layers)} layers compute in integers"

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Every reading of a blob by a layer."""
        return tuple(edge for layer in self.layers.values() for edge in self._edges(layer))

    def _edges(self, scales: LayerScales) -> Iterator[Edge]:
        for blob, entry in zip(scales.layer.bottoms, scales.entries, strict=True):
            yield Edge(blob, scales.layer.name, _form(self.blobs[blob].scale, entry))

    def _repr_svg_(self) -> str:
        from workbench.simulation.integer.picture import picture

        return picture(self)


def same_scale(left: Scale, right: Scale) -> bool:
    """Tell whether a blob in one scale is in the other too."""
    if left is None or right is None:
        return left is right
    return bool((left == right).all())


def _form(have: Scale, entry: Scale) -> Form:
    if have is None:
        return "float" if entry is None else "quantized"
    if entry is None:
        return "dequantized"
    return "int8" if same_scale(have, entry) else "rescaled"

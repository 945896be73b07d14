"""Layers and the blobs between them, as plain frozen records; every link is derived.

A *blob* is a named tensor. A layer reads its *bottom* blobs and writes its *top* blobs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from workbench.errors import GraphError

ParamValue = int | float | str | tuple[int, ...] | tuple[float, ...]


@dataclass(frozen=True)
class Layer:
    """One line of a .param file.

    Attributes:
        type: ncnn's layer type, e.g. "Convolution".
        name: the layer's name, the key of its rows in a calibration table.
        bottoms: names of the blobs it reads, in order.
        tops: names of the blobs it writes, in order.
        params: value of each parameter id that the line gives; defaults are not filled in
            (`workbench.ops` knows them).
    """

    type: str
    name: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    params: Mapping[int, ParamValue] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


@dataclass(frozen=True)
class Graph:
    """The layers of a network, in the order in which ncnn runs them.

    Attributes:
        layers: all layers; each bottom blob is the top of an earlier layer.
        source: text of the .param file it was read from, if any; it lets an untouched
            network be written back byte for byte.

    Raises:
        GraphError: a blob is read before it is written, or written twice, or two layers
            share a name.
    """

    layers: tuple[Layer, ...]
    source: str = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        if fault := first_fault(self.layers):
            raise fault[1]

    @cached_property
    def by_name(self) -> Mapping[str, Layer]:
        """Each layer by its name."""
        return MappingProxyType({layer.name: layer for layer in self.layers})

    @cached_property
    def producers(self) -> Mapping[str, Layer]:
        """The layer that writes each blob."""
        return MappingProxyType({top: layer for layer in self.layers for top in layer.tops})

    @cached_property
    def consumers(self) -> Mapping[str, tuple[Layer, ...]]:
        """The layers that read each blob; none for an output of the network."""
        readers: dict[str, list[Layer]] = {blob: [] for blob in self.producers}
        for layer in self.layers:
            for bottom in dict.fromkeys(layer.bottoms):
                readers[bottom].append(layer)
        return MappingProxyType({blob: tuple(found) for blob, found in readers.items()})

    @cached_property
    def blobs(self) -> tuple[str, ...]:
        """All blobs, in the order in which they are written."""
        return tuple(self.producers)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The blobs that the user feeds: tops of the Input layers."""
        return tuple(top for layer in self.layers if layer.type == "Input" for top in layer.tops)

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """The blobs that no layer reads."""
        return tuple(blob for blob, readers in self.consumers.items() if not readers)

    def origin(self, blob: str) -> str:
        """Return the blob whose data `blob` shares: Splits are followed back to their bottom."""
        while (producer := self.producers[blob]).type == "Split":
            blob = producer.bottoms[0]
        return blob


def first_fault(layers: Sequence[Layer]) -> tuple[int, GraphError] | None:
    """Return the first layer that does not fit to those before it, or None.

    Args:
        layers: the layers of a network in order.

    Returns:
        The index of the layer, and the error that says what is wrong with it.
    """
    names: set[str] = set()
    written: set[str] = set()
    for index, layer in enumerate(layers):
        for problem, advice in _faults(layer, names, written):
            where = f"layer {layer.name} ({layer.type})"
            return index, GraphError(problem, where=where, advice=advice)
        names.add(layer.name)
        written.update(layer.tops)
    return None


def _faults(layer: Layer, names: set[str], written: set[str]) -> Iterator[tuple[str, str]]:
    if layer.name in names:
        advice = "Rename one of them: calibration tables find layers by name."
        yield "an earlier layer has this name", advice
    for bottom in layer.bottoms:
        if bottom not in written:
            advice = "Check the blob's name, or move its producer before this layer."
            yield f"bottom blob {bottom!r} is not the top of any earlier layer", advice
    tops: set[str] = set()
    for top in layer.tops:
        if top in written or top in tops:
            yield f"top blob {top!r} is written twice", "Give each top blob a name of its own."
        tops.add(top)

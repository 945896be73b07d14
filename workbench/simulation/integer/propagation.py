"""Scales through the graph: what each blob gets, where it came from, and what stays float.

First the readers say what they want (`wishes`); then, from the inputs on, each layer settles
what it takes and gives. The rule: a blob that stays int8 has one scale, or one for each channel,
and its producer requantizes with the scale that its reader quantizes with. What no rule covers
stays float, and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from workbench.graph import Graph, Layer
from workbench.model import blob_shapes
from workbench.ops import Shape
from workbench.ops.scale_rules import Link
from workbench.simulation.integer.scales import BlobScale as BlobScale
from workbench.simulation.integer.scales import LayerScales as LayerScales
from workbench.simulation.integer.scales import Propagation as Propagation
from workbench.simulation.integer.scales import Scale as Scale
from workbench.simulation.integer.scales import same_scale
from workbench.simulation.integer.sentences import of_channels, ranges
from workbench.simulation.integer.want import Want
from workbench.simulation.integer.wishes import Rules, Wishes, rule_of


def propagate(
    graph: Graph,
    scales: Mapping[str, float],
    rules: Rules | None = None,
    *,
    unable: Callable[[Layer], str] = lambda layer: "",
    shapes: Mapping[str, Shape] | None = None,
) -> Propagation:
    """Find the scale of each blob.

    Args:
        graph: the network.
        scales: bottom scale of each layer that computes with int8 weights, by name.
        rules: choices where there are several ways.
        unable: for a layer that has a rule, why it cannot compute in integers, or "".
        shapes: of the blobs; found from the graph if they are not given.

    Raises:
        GraphError: the shapes of the blobs do not fit together.
    """
    known = blob_shapes(graph) if shapes is None else shapes
    wishes = Wishes(graph, scales, known, rules or Rules())
    settling = _Settling(graph, scales, wishes, rules or Rules(), unable)
    for layer in graph.layers:
        settling.settle(layer)
    return Propagation(graph, MappingProxyType(settling.blobs), MappingProxyType(settling.layers))


class _Settling:
    """Settles one layer after the other."""

    def __init__(
        self,
        graph: Graph,
        scales: Mapping[str, float],
        wishes: Wishes,
        rules: Rules,
        unable: Callable[[Layer], str],
    ) -> None:
        self._graph, self._scales, self._wishes = graph, scales, wishes
        self._rules, self._unable = rules, unable
        self.blobs: dict[str, BlobScale] = {}
        self.layers: dict[str, LayerScales] = {}

    def settle(self, layer: Layer) -> None:
        """Decide what a layer takes and gives."""
        rule, why = rule_of(layer), self._unable(layer)
        if layer.type == "Input":
            self._float(layer, "it is fed from outside, in float")
        elif layer.name in self._scales:
            self._quantized(layer, why)
        elif isinstance(rule, str) or why:
            self._float(layer, rule if isinstance(rule, str) else why)
        elif rule.relation == "free":
            self._float(layer, f"{layer.name} is kept in float")
        elif all(self._have(blob) is None for blob in layer.bottoms):
            self._float(layer, f"all that {layer.name} reads is float")
        elif rule.relation == "rescaled":
            self._rescaled(layer)
        elif len(layer.bottoms) == 1:
            self._cut(layer)
        else:
            self._joined(layer)

    def _have(self, blob: str) -> Scale:
        return self.blobs[blob].scale

    def _float(self, layer: Layer, why: str) -> None:
        self._record(layer, False, why, (None,) * len(layer.bottoms), (None,) * len(layer.tops))
        for top in layer.tops:
            self.blobs[top] = BlobScale(top, None, f"float: {why}")

    def _record(
        self,
        layer: Layer,
        integer: bool,
        why: str,
        entries: tuple[Scale, ...],
        tops: tuple[Scale, ...],
        moved: tuple[Scale, ...] = (),
    ) -> None:
        self.layers[layer.name] = LayerScales(layer, integer, why, entries, tops, moved)

    def _quantized(self, layer: Layer, why: str) -> None:
        """A layer of int8 weights: its top has the scale of its readers, or is float."""
        want, top = self._wishes.wanted(layer.tops[0]), layer.tops[0]
        if any(link.sources is None for link in self._wishes.links(layer)):
            want = want.one()
        scale = None if why or not want.known.all() else _array(want)
        self._record(layer, True, "", (_array_of(self._scales[layer.name]),), (scale,))
        why = f"float: {why or self._missing(want)}" if scale is None else self._says(want)
        self.blobs[top] = BlobScale(top, scale, why)

    def _rescaled(self, layer: Layer) -> None:
        top, want = layer.tops[0], self._wishes.wanted(layer.tops[0])
        if not want.known.all():
            self._float(layer, self._missing(want))
            return
        entries = tuple(map(self._entering, layer.bottoms))
        if any(entry is None for entry in entries):
            blob = layer.bottoms[[entry is None for entry in entries].index(True)]
            self._float(layer, f"no scale is known for {blob}, which {layer.name} reads")
            return
        self._record(layer, True, "", entries, (_array(want),))
        self.blobs[top] = BlobScale(top, _array(want), self._says(want))

    def _entering(self, blob: str) -> Scale:
        """The scale of a blob, or that in which a float one is wanted, if it is known."""
        have, want = self._have(blob), self._wishes.wanted(blob)
        return _array(want) if have is None and want.known.all() else have

    def _cut(self, layer: Layer) -> None:
        """One bottom of which the tops are made: what a top needs is derived where it leaves."""
        links = list(self._wishes.links(layer))
        have = self._have(layer.bottoms[0])
        entry = _widest(have) if any(link.sources is None for link in links) else have
        moved = tuple(
            _forward(link, entry, self._wishes.count(layer.tops[link.top])) for link in links
        )
        tops = tuple(map(self._leaving, layer.tops, moved))
        self._record(layer, True, "", (entry,), tops, moved)
        for blob, before, after in zip(layer.tops, moved, tops, strict=True):
            why = f"int8, the scale of {layer.bottoms[0]}, from which {layer.name} takes it"
            if not same_scale(before, after):
                want = self._leaving_want(blob)
                why = f"{self._says(want)}, derived from {layer.bottoms[0]} by a factor"
            self.blobs[blob] = BlobScale(blob, after, why)

    def _leaving_want(self, blob: str) -> Want:
        counts = self._rules.wishes_count
        return self._wishes.wanted(blob) if counts else self._wishes.demand(blob)

    def _leaving(self, blob: str, moved: Scale) -> Scale:
        want = self._leaving_want(blob)
        return _array(want) if want.known.all() and not same_scale(_array(want), moved) else moved

    def _joined(self, layer: Layer) -> None:
        """Several bottoms, brought to what their top needs."""
        top, want = layer.tops[0], self._wishes.wanted(layer.tops[0])
        links = list(self._wishes.links(layer))
        target, why = _array(want) if want.known.all() else None, self._says(want)
        if target is None:
            target = self._from_bottoms(layer, links)
            why = f"int8, the scales of what {layer.name} joins"
        if target is None:
            self._float(layer, self._missing(want))
            return
        entries = tuple(
            _backward(link, target, self._wishes.count(layer.bottoms[link.bottom]))
            for link in links
        )
        self._record(layer, True, "", entries, (target,))
        self.blobs[top] = BlobScale(top, target, why)

    def _from_bottoms(self, layer: Layer, links: list[Link]) -> Scale:
        found = np.full(self._wishes.count(layer.tops[0]), np.inf, np.float32)
        for link in links:
            have = self._have(layer.bottoms[link.bottom])
            if have is None:
                return None
            if link.targets is None or link.sources is None:
                found[:] = np.minimum(found, have.min())
            else:
                spread = np.broadcast_to(have, (self._wishes.count(layer.bottoms[link.bottom]),))
                found[link.targets] = np.minimum(found[link.targets], spread[link.sources])
        return found

    def _says(self, want: Want) -> str:
        names = {i: layer.name for i, layer in enumerate(self._graph.layers)}
        parts = of_channels([names[int(source)] for source in want.source])
        return f"int8, the scale that {parts} needs"

    def _missing(self, want: Want) -> str:
        if not want.known.any():
            return "no layer that reads it in int8 says its scale"
        lost = ranges(np.flatnonzero(~want.known).tolist())
        return f"no layer that reads it in int8 says the scale of {lost}"


def _array(want: Want) -> NDArray[np.float32]:
    return want.scale.astype(np.float32)


def _array_of(scale: float) -> NDArray[np.float32]:
    return np.array([scale], np.float32)


def _widest(scale: Scale) -> Scale:
    """One scale for all channels, in which nothing is clipped: the least."""
    return None if scale is None else scale.min(keepdims=True)


def _forward(link: Link, scale: Scale, count: int) -> Scale:
    if scale is None or link.sources is None or link.targets is None or scale.size == 1:
        return scale
    result = np.empty(count, np.float32)
    result[link.targets] = scale[link.sources]
    return result


def _backward(link: Link, scale: Scale, count: int) -> Scale:
    if scale is None or scale.size == 1:
        return scale
    if link.sources is None or link.targets is None:
        return _widest(scale)
    result = np.empty(count, np.float32)
    result[link.sources] = scale[link.targets]
    return result

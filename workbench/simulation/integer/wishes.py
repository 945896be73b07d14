"""In which scale each blob is wanted: demands travel from readers back to producers.

A quantized layer *demands* its bottom scale, for that is what its threshold was searched for. A
demand passes ops whose bottoms and tops have equal scales, channel by channel. An op that
rescales only *wishes*: it can bring what it gets to its own scale. Where several demands meet,
at a Split, the blob gets the larger, of which the smaller can be derived; a wish counts only
where there is no demand, and of several the smallest, which clips least, unless
`Rules.wishes_count` says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from workbench.graph import Graph, Layer
from workbench.ops import Shape, op_of, values
from workbench.ops.scale_rules import Link, ScaleRule, channels
from workbench.simulation.integer.want import NOBODY, Want


@dataclass(frozen=True)
class Rules:
    """Choices where scales can be carried through a graph in several ways.

    Attributes:
        by_channel: a blob may have a scale for each channel, which follows the channels
            through Concat, ShuffleChannel and Slice. If not, blobs that are joined and cut by
            these have one scale, the largest, and what leaves them at a Slice or Split is
            multiplied by a factor of at most 1.
        wishes_count: the wish of an op that could rescale counts like a demand, as in the
            document: a Split before a convolution and an addition has two scales. If not, the
            blob keeps the scale of the convolution, and the addition rescales.
    """

    by_channel: bool = True
    wishes_count: bool = False


class Wishes:
    """Demands and wishes of all blobs.

    Args:
        graph: the network.
        scales: bottom scale of each quantized layer, by name.
        shapes: of each blob, as far as they are known.
        rules: choices.
    """

    def __init__(
        self,
        graph: Graph,
        scales: Mapping[str, float],
        shapes: Mapping[str, Shape],
        rules: Rules,
    ) -> None:
        self._graph, self._scales, self._shapes, self._rules = graph, scales, shapes, rules
        self._number = {layer.name: i for i, layer in enumerate(graph.layers)}
        self._demands: dict[str, Want] = {}
        self._soft: dict[str, Want] = {}
        self._asked: set[str] = set()
        while self._sweep():  # once is enough where no two blobs share a scale
            pass

    def demand(self, blob: str) -> Want:
        """What quantized layers need of a blob, through ops of equal scales."""
        return self._demands.get(self._key(blob), Want.of(1)).spread(self.count(blob))

    def wanted(self, blob: str) -> Want:
        """In which scale a blob is to be made."""
        demand = self.demand(blob)
        wish = self._soft.get(self._key(blob), Want.of(1)).spread(self.count(blob))
        return demand.larger(wish) if self._rules.wishes_count else demand.or_else(wish)

    def count(self, blob: str) -> int:
        """How many scales a blob may have."""
        return (channels(self._shapes[blob]) or 1) if self._rules.by_channel else 1

    def links(self, layer: Layer) -> Iterator[Link]:
        """How the channels of a layer of known rule move."""
        rule = rule_of(layer)
        if isinstance(rule, ScaleRule):
            bottoms = [self._shapes[blob] for blob in layer.bottoms]
            tops = [self._shapes[blob] for blob in layer.tops]
            for link in rule.links(values(layer), bottoms, tops):
                yield link if self._rules.by_channel else Link(link.bottom, link.top)

    def _sweep(self) -> bool:
        """Let every layer speak, the last one first; tell whether anything changed."""
        before = {**self._demands}, {**self._soft}
        for layer in reversed(self._graph.layers):
            self._hear(layer)
        return not (_same(before[0], self._demands) and _same(before[1], self._soft))

    def _hear(self, layer: Layer) -> None:
        rule = rule_of(layer)
        if layer.name in self._scales:
            bottom, scale = layer.bottoms[0], self._scales[layer.name]
            self._add(self._demands, bottom, Want.of(1, scale, self._number[layer.name]))
        elif not isinstance(rule, ScaleRule):
            return
        elif rule.relation == "equal":
            for link in self.links(layer):
                self._carry(layer, link)
        elif rule.relation == "rescaled":
            self._give(layer, rule)
            for link in self.links(layer):
                self._wish(layer, rule, link)

    def _carry(self, layer: Layer, link: Link) -> None:
        bottom, top = layer.bottoms[link.bottom], layer.tops[link.top]
        if top in self._asked:
            self._asked.add(bottom)
        for store in (self._demands, self._soft):
            found = store.get(self._key(top), Want.of(1)).spread(self.count(top))
            self._add(store, bottom, _moved(found, link, self.count(bottom)))

    def _give(self, layer: Layer, rule: ScaleRule) -> None:
        """Let the op's own range speak for a top that is asked for and has no scale."""
        top = layer.tops[0]
        if rule.gives and top in self._asked and not self.wanted(top).known.any():
            self._add(self._soft, top, Want.of(1, rule.gives, self._number[layer.name]))

    def _wish(self, layer: Layer, rule: ScaleRule, link: Link) -> None:
        bottom, top = layer.bottoms[link.bottom], self.wanted(layer.tops[link.top])
        if not top.known.all():
            return
        self._asked.add(bottom)
        if rule.gated and not self._is_gated(layer, bottom):
            return
        reach = 1.0 if self._rules.wishes_count else rule.reach
        needs = np.array([(rule.need(float(scale)) or 0.0) / reach for scale in top.scale])
        need = Want(needs, np.where(needs > 0, top.source, NOBODY))
        self._add(self._soft, bottom, _moved(need, link, self.count(bottom)))

    def _is_gated(self, layer: Layer, bottom: str) -> bool:
        """Tell whether all that a bottom is multiplied with stays within -1 and 1."""
        others = [blob for blob in layer.bottoms if blob != bottom]
        return bool(others) and all(self._is_gate(blob) for blob in others)

    def _is_gate(self, blob: str) -> bool:
        maker = self._graph.producers[blob]
        rule = rule_of(maker)
        if isinstance(rule, str) or rule.relation == "free":
            return False
        if rule.relation == "equal":
            return all(self._is_gate(bottom) for bottom in maker.bottoms)
        return rule.gives is not None and rule.gives >= 127

    def _add(self, store: dict[str, Want], blob: str, want: Want) -> None:
        count, key = self.count(blob), self._key(blob)
        found, new = store.get(key, Want.of(count)), want.spread(count)
        widest = store is self._soft and not self._rules.wishes_count
        store[key] = found.smaller(new) if widest else found.larger(new)

    def _key(self, blob: str) -> str:
        """The blob that stands for all that have one scale with this one."""
        return blob if self._rules.by_channel else self._stages[blob]

    @cached_property
    def _stages(self) -> Mapping[str, str]:
        """Without scales for channels: blobs joined and cut by ops of equal scales, as one.

        A top of a Split or Slice is not part of it if no other Split or Slice comes behind.
        """
        stage: dict[str, str] = {}
        cut = self._before_a_cut()
        for layer in self._graph.layers:
            rule = rule_of(layer)
            equal = isinstance(rule, ScaleRule) and rule.relation == "equal"
            for top in layer.tops:
                stage[top] = top
                if equal and (len(layer.tops) == 1 or top in cut):
                    for bottom in layer.bottoms:
                        _unite(stage, bottom, top)
        return {blob: _root(stage, blob) for blob in stage}

    def _before_a_cut(self) -> set[str]:
        found: set[str] = set()
        for layer in reversed(self._graph.layers):
            rule = rule_of(layer)
            if not isinstance(rule, ScaleRule) or rule.relation != "equal":
                continue
            if len(layer.tops) > 1 or found.intersection(layer.tops):
                found.update(layer.bottoms)
        return found


def rule_of(layer: Layer) -> ScaleRule | str:
    """Return the rule by which scales pass a layer, or a text that says why there is none."""
    op = op_of(layer)
    return op.scale_rule(values(layer)) if op else f"the layer type {layer.type} is not known"


def _moved(want: Want, link: Link, count: int) -> Want:
    """Carry the scales of a top to its bottom."""
    if link.sources is None or link.targets is None:
        return want.one() if want.known.any() else Want.of(count)
    scale, source = np.zeros(count), np.full(count, NOBODY)
    scale[link.sources] = want.scale[link.targets]
    source[link.sources] = want.source[link.targets]
    return Want(scale, source)


def _same(left: Mapping[str, Want], right: Mapping[str, Want]) -> bool:
    return left.keys() == right.keys() and all(
        np.array_equal(left[blob].scale, right[blob].scale) for blob in left
    )


def _root(stage: Mapping[str, str], blob: str) -> str:
    while stage[blob] != blob:
        blob = stage[blob]
    return blob


def _unite(stage: dict[str, str], left: str, right: str) -> None:
    stage[_root(stage, right)] = _root(stage, left)

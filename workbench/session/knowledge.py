"""What a session can look up about its layers; each answer is computed once and kept."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from workbench.calibration.plan import BY_HAND, LayerPlan, layer_weight_scales
from workbench.calibration.statistics import Statistics
from workbench.model import Model
from workbench.numerics.thresholds import METHODS, Search
from workbench.session.reading import Reading


class Knowledge:
    """Searches, readings and weight scales of a network's layers."""

    def __init__(self, model: Model, stats: Statistics) -> None:
        self._model = model
        self._stats = stats
        self._searches = lru_cache(maxsize=None)(self._search)
        self._readings = lru_cache(maxsize=4096)(self._read)
        self._weight_scales = lru_cache(maxsize=None)(self._scale_weights)

    def search(self, layer: str, method: str) -> Search:
        """A method's search on a layer, one for all layers that read the same blob."""
        return self._searches(self._stats.layers[layer], method)

    def reading(self, layer: str, threshold: float, scale: float) -> Reading:
        """What a threshold does to a layer's bottom blob."""
        return self._readings(self._stats.layers[layer], threshold, scale)

    def decide(self, old: LayerPlan, method: str) -> LayerPlan:
        """Decide as `calibrate` does, but keep the layer's bits and whether it stays float."""
        return replace(
            old,
            method=method,
            threshold=self.search(old.layer, method).threshold,
            weight_scales=self._weight_scales(old.layer, method == "aciq", old.bits),
        )

    def following(self, old: LayerPlan, other: LayerPlan) -> LayerPlan:
        """Decide for a layer as for one that reads the same blob."""
        known = other.method in METHODS
        new = self.decide(old, other.method) if known else replace(old, method=BY_HAND)
        return replace(new, threshold=other.threshold)

    def _scale_weights(self, layer: str, clip: bool, bits: int) -> tuple[float, ...]:
        method = "aciq" if clip else "kl"
        weight = self._model.weight(layer, "weight")
        scales, _ = layer_weight_scales(self._model.graph.by_name[layer], weight, method, bits)
        return tuple(scales.tolist())

    def _search(self, blob: str, method: str) -> Search:
        return METHODS[method](self._stats.histograms[blob])

    def _read(self, blob: str, threshold: float, scale: float) -> Reading:
        return Reading.of(self._stats.histograms[blob], threshold, scale)

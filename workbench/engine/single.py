"""One layer of a network alone, in ncnn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.engine.loading import fetch, load
from workbench.formats.weights import Weight
from workbench.graph import Graph, Layer
from workbench.model import Model


class SingleLayer:
    """One layer as a network of its own: Input layers for its bottoms, and the layer.

    It computes what the layer computes inside a network, to the bit. It does not try itself
    out: the network it is from must have run on inputs of these shapes.

    Args:
        layer: the layer; a bottom may stand twice.
        weights: its weights, in the order of the .bin file.
        threads: OpenMP threads of one run.
        options: other fields of ncnn's Option by name; packing is off.
    """

    def __init__(
        self, layer: Layer, weights: tuple[Weight, ...] = (), threads: int = 1, **options: bool
    ) -> None:
        blobs = tuple(dict.fromkeys(layer.bottoms))
        inputs = (Layer("Input", f"{layer.name}.{i}", (), (top,)) for i, top in enumerate(blobs))
        self.layer = layer
        self._model = Model(Graph((*inputs, layer)), {layer.name: weights} if weights else {})
        self.net = load(self._model, threads, {"use_packing_layout": False} | options)

    def run(self, bottoms: Mapping[str, NDArray[Any]]) -> tuple[NDArray[Any], ...]:
        """Run the layer.

        Args:
            bottoms: float32 or int8 array of each bottom.

        Returns:
            Each top, float32, or int8 where the layer gives that.

        Raises:
            EngineError: ncnn cannot run it on these.
        """
        arrays = {blob: np.ascontiguousarray(bottoms[blob]) for blob in self.layer.bottoms}
        tops = fetch(self.net, arrays, self.layer.tops, raw=True)
        return tuple(tops[top] for top in self.layer.tops)

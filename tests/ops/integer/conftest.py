"""ncnn's own float layer as the oracle: on small integers it is exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.engine import SingleLayer
from workbench.formats.weights import Weight
from workbench.graph import Layer

Ncnn = Callable[..., tuple[NDArray[Any], ...]]


@pytest.fixture(scope="session")
def ncnn() -> Ncnn:
    """Run a layer in ncnn on the bottoms, as float32, and return its tops."""

    def run(layer: Layer, *bottoms: NDArray[Any], weights: tuple[Weight, ...] = ()) -> Any:
        given = zip(layer.bottoms, bottoms, strict=True)
        arrays = {name: np.asarray(bottom, np.float32) for name, bottom in given}
        return SingleLayer(layer, weights).run(arrays)

    return run

"""Small networks and pictures that tests of any part can ask for."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

from workbench.formats.param import parse_param
from workbench.formats.weights import Weight
from workbench.graph import Graph
from workbench.model import Model

# a busy machine is no fault of what is tested
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# a shell starts what runs in its background with Ctrl+C ignored, and so would we
signal.signal(signal.SIGINT, signal.default_int_handler)

PARAM = """7767517
9 10
Input            data   0 1 data 0=8 1=8 2=3
Convolution      conv1  1 1 data conv1 0=4 1=3 4=1 5=1 6=108 9=1
Split            split  1 2 conv1 left right
ConvolutionDepthWise dw 1 1 left dw 0=4 1=3 4=1 5=0 6=36 7=4 9=1
Convolution      conv2  1 1 right conv2 0=4 1=1 5=1 6=16
Concat           concat 2 1 dw conv2 concat
Pooling          pool   1 1 concat pool 0=1 4=1
InnerProduct     fc     1 1 pool fc 0=5 1=1 2=40
Softmax          prob   1 1 fc prob
"""
SHAPES = {
    "conv1": {"weight": (4, 3, 3, 3), "bias": (4,)},
    "dw": {"weight": (4, 3, 3)},
    "conv2": {"weight": (4, 4), "bias": (4,)},
    "fc": {"weight": (5, 8), "bias": (5,)},
}


def tiny(edit: Callable[[str, str, np.ndarray], np.ndarray] | None = None) -> Model:
    """A network with every quantizable type; `edit(layer, name, array)` may change weights."""
    rng = np.random.default_rng(1)
    weights: dict[str, tuple[Weight, ...]] = {}
    for layer, arrays in SHAPES.items():
        parts = []
        for name, shape in arrays.items():
            array = rng.normal(0, 0.5, shape).astype(np.float32)
            array = edit(layer, name, array) if edit else array
            parts.append(Weight.of(name, array, "float32" if name == "weight" else "raw"))
        weights[layer] = tuple(parts)
    return Model(parse_param(PARAM), weights)


@pytest.fixture
def model() -> Model:
    """The small network with random weights."""
    return tiny()


@pytest.fixture
def two_headed() -> Model:
    """The small network cut off after `dw` and `conv2`: two outputs, 4 x 8 x 8 each."""
    whole = tiny()
    weights = {name: whole.weights[name] for name in ("conv1", "dw", "conv2")}
    return Model(Graph(whole.graph.layers[:5]), weights)


@pytest.fixture
def model_with() -> Callable[..., Model]:
    """A maker of the small network with edited weights."""
    return tiny


@pytest.fixture
def arrays() -> list[np.ndarray]:
    """Six inputs for the small network."""
    rng = np.random.default_rng(2)
    return [rng.normal(0, 1, (3, 8, 8)).astype(np.float32) for _ in range(6)]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with five small pictures of several kinds."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(3)
    for number, suffix in enumerate(("png", "bmp", "jpg", "webp", "ppm")):
        pixels = rng.integers(0, 256, (12, 10, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.{suffix}")
    return folder


@pytest.fixture
def constant_input() -> Mapping[str, np.ndarray]:
    """A zero input for the small network."""
    return {"data": np.zeros((3, 8, 8), np.float32)}

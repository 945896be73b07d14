"""The ops of one blob that only move its elements, by layer type: true of levels of any width."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from workbench.ops.integer.moving import crop, flatten, permute, reshape, shuffle
from workbench.ops.integer.resizing import nearest
from workbench.ops.op import Values

MOVES: Mapping[str, Callable[[Values, NDArray[Any]], NDArray[Any]]] = MappingProxyType(
    {
        "ShuffleChannel": shuffle,
        "Flatten": lambda values, x: flatten(x),
        "Reshape": reshape,
        "Permute": permute,
        "Crop": crop,
        "Interp": nearest,
        "DeepCopy": lambda values, x: x,
    }
)

"""The activations that convolutions and inner products apply to their results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.ops.op import Values

Floats = NDArray[np.float32]

SIGMOID = 4
_LAYERS = {SIGMOID: "Sigmoid", 5: "Mish", 6: "HardSwish"}


def activation_of(
    values: Values,
) -> tuple[Callable[[Floats], Floats], tuple[float, float] | None]:
    """Return what activation_type 0 to 3 means, and its bounds if it only clips.

    Args:
        values: a layer's parameters, with activation_type and activation_params.

    Returns:
        A function of float32 arrays, which may write into its argument, and the bounds (low,
        high) of none, ReLU and Clip. For the other types the function does nothing
        (`layer_of`).

    Source: Tencent/ncnn, src/layer/fused_activation.h.
    """
    given = [float(number) for number in values.activation_params]
    match values.activation_type:
        case 1:
            return lambda x: np.maximum(x, 0, out=x), (0.0, np.inf)
        case 2:
            slope = np.float32(given[0])
            return lambda x: np.where(x > 0, x, x * slope), None
        case 3:
            low, high = np.array(given[:2], np.float32)
            return lambda x: x.clip(low, high, out=x), (given[0], given[1])
        case 0:
            return lambda x: x, (-np.inf, np.inf)
    return lambda x: x, None


def layer_of(values: Values) -> tuple[str, dict[int, Any]] | None:
    """Return the layer type and parameters of an activation that ncnn approximates, or None."""
    type = _LAYERS.get(values.activation_type)
    if type is None:
        return None
    return type, dict(enumerate(values.activation_params)) if type == "HardSwish" else {}

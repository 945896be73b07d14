"""The activations that convolutions and inner products apply to their results, as ncnn does."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.ops.op import Values

SIGMOID = 4
_LAYERS = {SIGMOID: "Sigmoid", 5: "Mish", 6: "HardSwish"}


def bounds_of(values: Values) -> tuple[float, float] | None:
    """Return (low, high) of an activation that only keeps its argument there, or None."""
    match values.activation_type:
        case 0:
            return -np.inf, np.inf
        case 1:
            return 0.0, np.inf
        case 3:
            low, high = values.activation_params[:2]
            return float(low), float(high)
    return None


def layer_of(values: Values) -> tuple[str, dict[int, Any]] | None:
    """Return the layer type and parameters of an activation that ncnn approximates, or None.

    Source: Tencent/ncnn, src/layer/fused_activation.h, create_activation_layer.
    """
    type = _LAYERS.get(values.activation_type)
    if type is None:
        return None
    return type, dict(enumerate(values.activation_params)) if type == "HardSwish" else {}

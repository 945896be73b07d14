"""The activations that ncnn fuses into convolutions and inner products, in float32."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def activation(x: Array, kind: int, params: Sequence[float] = ()) -> Array:
    """Apply a fused activation.

    0 none; 1 ReLU; 2 leaky ReLU (slope); 3 clip (min, max); 4 sigmoid; 5 Mish;
    6 hard swish, x * clip(alpha x + beta, 0, 1) (alpha, beta). Types 4 and 5 may differ from
    ncnn in the last bits, which come from its own approximation of exp.

    Args:
        x: float32, any shape, real units.
        kind: activation_type, key 9 of a layer.
        params: activation_params, key 10.

    Source: Tencent/ncnn, src/layer/fused_activation.h.
    """
    given = [np.float32(value) for value in params]
    match kind:
        case 1:
            return np.maximum(x, np.float32(0))
        case 2:
            return np.where(x > 0, x, x * given[0])
        case 3:
            return np.minimum(np.maximum(x, given[0]), given[1])
        case 4:
            return _sigmoid(x)
        case 5:
            mish: Array = x * np.tanh(np.logaddexp(x, np.float32(0)))
            return mish
        case 6:
            gate: Array = np.clip(given[0] * x + given[1], np.float32(0), np.float32(1))
            return x * gate
    return x


def _sigmoid(x: Array) -> Array:
    result: Array = np.float32(1) / (np.float32(1) + np.exp(-np.clip(x, -88, 88)))
    return result

import math

import numpy as np

from workbench.numerics.affine import quantize

RIGHT = {
    "step": lambda threshold: threshold / 127,
    "rounding": lambda x: math.copysign(math.floor(abs(x) + 0.5), x),
    "grid": lambda x, scale: quantize(x, np.float32(scale)),
    "widest": lambda error: 254 * error,
}
WRONG = {
    "step": [
        lambda threshold: 127 / threshold,  # the scale
        lambda threshold: threshold / 128,
        lambda threshold: 2 * threshold / 256,
    ],
    "rounding": [
        round,  # halves to even
        int,  # truncates
        math.floor,
        lambda x: math.floor(x + 0.5),  # negative halves go up
        lambda x: x,
    ],
    "grid": [
        lambda x, scale: np.round(x * scale).clip(-127, 127),
        lambda x, scale: quantize(x, np.float32(scale)).astype(float) / scale,
        lambda x, scale: np.trunc(x * scale + np.copysign(0.5, x)),  # not clipped
        lambda x, scale: np.trunc(x * scale + np.copysign(0.5, x)).clip(-128, 127),
        lambda x, scale: np.trunc(x * scale + np.copysign(0.5, x)).astype(np.int64).astype(np.int8),
    ],
    "widest": [lambda error: 127 * error, lambda error: 255 * error, lambda error: error / 254],
}

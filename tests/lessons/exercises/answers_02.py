import numpy as np

from workbench.numerics.affine import quantize


def sums(q, w, dtype=np.int32):
    h, width = q.shape[0] - 2, q.shape[1] - 2
    parts = (
        (q[i : i + h, j : j + width].astype(dtype) * w[i, j]).astype(dtype)
        for i in range(3)
        for j in range(3)
    )
    return np.sum(list(parts), axis=0, dtype=dtype)


def real(total, s_x, s_w, bias):
    return total.astype(np.float32) * (np.float32(1) / (s_x * s_w)) + bias


def layer(x, s_x, w, s_w, bias):
    return np.maximum(real(sums(quantize(x, s_x), w), s_x, s_w, bias), 0)


RIGHT = {"room": (2**31 - 1) // (127 * 127), "sums": sums, "real": real, "layer": layer}
WRONG = {
    "room": [2**31 // 127, 2**31 // 128**2, 133145, 2**16],
    "sums": [
        lambda q, w: sums(q, w, np.int8),  # the sum runs over
        lambda q, w: sums(q, w, np.int16),
        lambda q, w: sums(q, w[::-1, ::-1]),  # a convolution of mathematics
        lambda q, w: sums(q, w.T),
        lambda q, w: np.pad(sums(q, w), 1),
        lambda q, w: sums(q, w).sum(),
    ],
    "real": [
        lambda total, s_x, s_w, bias: (total + bias) / (s_x * s_w),
        lambda total, s_x, s_w, bias: total * s_x * s_w + bias,
        lambda total, s_x, s_w, bias: total / s_x + bias,
        lambda total, s_x, s_w, bias: total / (s_x * s_w),
    ],
    "layer": [
        lambda x, s_x, w, s_w, bias: real(sums(quantize(x, s_x), w), s_x, s_w, bias),  # no ReLU
        lambda x, s_x, w, s_w, bias: np.maximum(real(sums(x, w, np.float32), 1, s_w, bias), 0),
        lambda x, s_x, w, s_w, bias: np.maximum(sums(quantize(x, s_x), w) / (s_x * s_w), 0) + bias,
        lambda x, s_x, w, s_w, bias: np.maximum(
            real(sums(np.trunc(x * s_x).clip(-127, 127), w), s_x, s_w, bias), 0
        ),
        lambda x, s_x, w, s_w, bias: np.maximum(
            real(sums(np.round(x * s_x).clip(-127, 127), w), s_x, s_w, bias), 0
        ),
        lambda x, s_x, w, s_w, bias: layer(x, s_x, w, s_w, bias).clip(0, 6),  # lesson 2's ReLU6
    ],
}

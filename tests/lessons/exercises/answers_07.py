import numpy as np

from workbench.numerics.affine import quantize, scale_of


def rows(weight):
    return np.abs(np.asarray(weight, np.float64)).reshape(len(weight), -1)


def channel_scales(weight):
    largest = rows(weight).max(axis=1)
    return np.where(largest > 0, 127 / np.where(largest > 0, largest, 1), 1.0)


def levels(weight):
    q = quantize(np.asarray(weight), scale_of(float(rows(weight).max())))
    return rows(q).max(axis=1)


def bits(type, kernel, stride, dilation):
    same = kernel == (3, 3) and stride == dilation == (1, 1)
    return 6 if type == "Convolution" and same else 8


def safe(q):
    return bool(rows(q).sum(axis=1).max() * 127 * 576 < 2**31)


RIGHT = {"scales": channel_scales, "levels": levels, "rule": bits, "safe": safe}
WRONG = {
    "scales": [
        lambda w: 127 / rows(w).max(),  # one for all
        lambda w: np.full(len(w), 127 / rows(w).max()),
        lambda w: 127 / np.maximum(rows(w).max(axis=1), 1e-30),  # dead channels
        lambda w: rows(w).max(axis=1) / 127,
        lambda w: 127 / np.maximum(np.asarray(w).reshape(len(w), -1).max(axis=1), 1),  # no abs
    ],
    "levels": [
        lambda w: np.full(len(w), 127),  # a scale of its own
        lambda w: (127 * rows(w).max(axis=1) / rows(w).max()).astype(int),  # truncated
        lambda w: 127 * rows(w).max(axis=1) / rows(w).max(),  # not rounded
    ],
    "rule": [
        lambda type, kernel, stride, dilation: 6 if kernel == (3, 3) else 8,
        lambda type, kernel, stride, dilation: bits("Convolution", kernel, stride, dilation),
        lambda type, kernel, stride, dilation: bits(type, kernel, stride, (1, 1)),
        lambda type, kernel, stride, dilation: 6 if type == "Convolution" else 8,
        lambda type, kernel, stride, dilation: bits(type, (3, 3), stride, dilation),
    ],
    "safe": [
        lambda q: True,
        lambda q: rows(q).sum(axis=1) * 127 * 576 < 2**31,  # an answer for each channel
        lambda q: bool(rows(q).sum() * 127 * 576 < 2**31),  # all channels together
        lambda q: bool(abs(rows(q).sum(axis=1)).max() * 127 < 2**31),  # without the growth
        lambda q: bool(np.asarray(q, np.int64).sum() * 127 * 576 < 2**31),  # without the sizes
        lambda q: bool(rows(q).sum(axis=1).max() * 127 * 576 <= 2**31 - 127 * 576),
    ],
}

import math

import numpy as np

from workbench.numerics.affine import dequantize, quantize, scale_of


def percentile(x, percent):
    return np.sort(np.abs(x))[math.ceil(len(x) * percent / 100) - 1]


def errors(x, candidates):
    scales = [scale_of(c) for c in candidates]
    return [np.mean((dequantize(quantize(x, s), s) - x) ** 2) for s in scales]


RIGHT = {
    "percentile": percentile,
    "squared": lambda x, candidates: candidates[np.argmin(errors(x, candidates))],
    "bell": lambda largest, n: 3.924 * 1.080 * largest / math.sqrt(2 * math.log(n)),
    "strays": 11,
}
WRONG = {
    "percentile": [
        lambda x, percent: percentile(np.maximum(x, 0), percent),  # signs
        lambda x, percent: np.sort(np.abs(x))[int(len(x) * percent / 100) - 1],
        lambda x, percent: np.abs(x).max() * percent / 100,
        lambda x, percent: percentile(x, 100 - percent + 0.01),
    ],
    "squared": [
        lambda x, candidates: int(np.argmin(errors(x, candidates))),
        lambda x, candidates: min(errors(x, candidates)),
        lambda x, candidates: candidates[np.searchsorted(candidates, np.abs(x).max()) - 1],
        lambda x, candidates: candidates[
            np.argmin([np.mean(np.maximum(np.abs(x) - c, 0)) for c in candidates])
        ],
    ],
    "bell": [
        lambda largest, n: 1.080 * largest / math.sqrt(2 * math.log(n)),  # the spread
        lambda largest, n: 3.924 * 1.080 * largest / math.sqrt(2 * math.log10(n)),
        lambda largest, n: 3.924 * largest,
        lambda largest, n: 3.924 * 1.080 * largest / 2 * math.log(n),
    ],
    "strays": [10, 1, 100, 12, 0, 1_000_000],
}

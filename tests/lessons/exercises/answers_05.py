import numpy as np


def divergence(p, q):
    some = p > 0
    return np.sum(p[some] * np.log(p[some] / q[some]))


def collect(share, t):
    p = share[:t].copy()
    p[-1] += share[t:].sum()
    return p


def collect_in_place(share, t):
    share[t - 1] += share[t:].sum()
    return share[:t]


def expand(kept, levels):
    groups = kept.reshape(levels, -1)
    full = groups > 0
    each = groups.sum(axis=1) / np.maximum(full.sum(axis=1), 1)
    return (each[:, None] * full).ravel()


RIGHT = {
    "divergence": divergence,
    "collect": collect,
    "expand": expand,
    "threshold": lambda t, absmax: (t + 0.5) * absmax / 2048,
}
WRONG = {
    "divergence": [
        lambda p, q: np.sum(q * np.log(q / np.maximum(p, 1e-12))),
        lambda p, q: np.sum(np.abs(p - q)),
        lambda p, q: np.sum(p * np.log2(np.maximum(p, 1e-12) / q)),
        lambda p, q: p * np.log(np.maximum(p, 1e-12) / q),  # not summed
        lambda p, q: np.sum((p - q) ** 2),
    ],
    "collect": [
        lambda share, t: share[:t],  # outliers lost
        lambda share, t: np.append(share[:t], share[t:].sum()),
        lambda share, t: share[:t] / share[:t].sum(),
        collect_in_place,
    ],
    "expand": [
        lambda kept, levels: kept.reshape(levels, -1).sum(axis=1),
        lambda kept, levels: np.repeat(kept.reshape(levels, -1).mean(axis=1), kept.size // levels),
        lambda kept, levels: np.repeat(kept.reshape(levels, -1).sum(axis=1), kept.size // levels),
        lambda kept, levels: kept,
    ],
    "threshold": [
        lambda t, absmax: t * absmax / 2048,
        lambda t, absmax: (t + 1) * absmax / 2048,
        lambda t, absmax: (t + 0.5) / 2048,
        lambda t, absmax: (t + 0.5) * absmax / 2047,
    ],
}

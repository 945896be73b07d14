"""Plain transcriptions of the two KL searches: bin by bin, in float32, in the original's order.

They are the oracle of the tests and the slow side of the benchmark, so they know no shortcut.
Numba compiles them; its float32 arithmetic rounds every operation and fuses none. A logarithm
is rounded to float32 from the float64 one, as a good logf does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

F0, F1 = np.float32(0), np.float32(1)
EPSILON = np.float32(0.0001)
LARGEST = np.float32(np.finfo(np.float32).max)


def _log(x: Any) -> Any:
    if x == 0:
        return np.float32(-np.inf)
    return np.float32(math.log(np.float64(x))) if x > 0 else np.float32(np.nan)


def _raised(counts: Any, floor: Any) -> Any:
    """Start every bin at `floor` and add 1 for each value, in float32."""
    bins = np.empty(counts.size, np.float32)
    for j in range(counts.size):
        bins[j] = np.float32(floor)
        for _ in range(counts[j]):
            bins[j] += F1
    return bins


def _normalised(bins: Any) -> Any:
    """Divide by the float32 sum, added up from the first bin to the last."""
    total = F0
    for value in bins:
        total = total + value
    return bins / total


def _group_borders(i: Any, width: Any) -> Any:
    """The group from i * width to (i + 1) * width: whole bins and the parts of cut bins."""
    start = np.float32(i) * width
    end = start + width
    left_upper, right_lower = math.ceil(start), math.floor(end)
    return left_upper, right_lower, np.float32(left_upper) - start, end - np.float32(right_lower)


log = numba.njit(_log)
raised = numba.njit(_raised)
normalised = numba.njit(_normalised)
group_borders = numba.njit(_group_borders)


def _threshold_distribution(h: Any, target_bins: Any) -> Any:
    """The chosen bin and every loss of the first tools' search over the distribution `h`."""
    losses = np.empty(h.size - target_bins, np.float32)
    best, chosen, tail = np.float32(1000), target_bins, F0
    for j in range(target_bins, h.size):
        tail = tail + h[j]
    for t in range(target_bins, h.size):
        p = h[:t].copy()
        p[t - 1] += tail
        tail = tail - h[t]
        width = np.float32(t) / np.float32(target_bins)
        e = np.zeros(t, np.float32)
        for i in range(target_bins):
            lu, rl, ls, rs = group_borders(i, width)
            q, count = F0, F0
            if ls > 0:
                q += ls * h[lu - 1]
                count += ls if h[lu - 1] != 0 else F0
            if rs > 0:
                q += rs * h[rl]
                count += rs if h[rl] != 0 else F0
            for j in range(lu, rl):
                q += h[j]
                count += F1 if h[j] != 0 else F0
            if count == 0:
                continue  # no bin of the group is laid out
            value = q / count
            if ls > 0 and h[lu - 1] != 0:
                e[lu - 1] += value * ls
            if rs > 0 and h[rl] != 0:
                e[rl] += value * rs
            for j in range(lu, rl):
                if h[j] != 0:
                    e[j] += value
        loss = F0
        for j in range(t):
            if p[j] != 0:
                loss += F1 if e[j] == 0 else p[j] * log(p[j] / e[j])
        losses[t - target_bins] = loss
        if loss < best:
            best, chosen = loss, t
    return chosen, losses


def _kl(counts: Any, target_bins: Any) -> Any:
    """The chosen bin and every loss of ncnn2table's search over integer counts."""
    total = counts.sum()
    h = np.empty(counts.size, np.float32)
    for j in range(counts.size):
        h[j] = np.float32(np.float64(counts[j]) / np.float64(total))
    losses = np.empty(h.size - target_bins, np.float32)
    best, chosen = LARGEST, target_bins
    for t in range(target_bins, h.size):
        p = np.full(t, EPSILON)
        for j in range(t):
            p[j] += h[j]
        for j in range(t, h.size):
            p[t - 1] += h[j]
        width = np.float32(t) / np.float32(target_bins)
        e = np.full(t, EPSILON)
        for i in range(target_bins):
            lu, rl, ls, rs = group_borders(i, width)
            q = F0
            if ls > 0:
                q += ls * h[lu - 1]
            if rs > 0:
                q += rs * h[rl]
            for j in range(lu, rl):
                q += h[j]
            q /= np.float32(rl - lu) + ls + rs
            if ls > 0:
                e[lu - 1] += ls * q
            if rs > 0:
                e[rl] += rs * q
            for j in range(lu, rl):
                e[j] += q
        loss = F0
        for j in range(t):
            loss += p[j] * log(p[j] / e[j])
        losses[t - target_bins] = loss
        if loss < best:
            best, chosen = loss, t
    return chosen, losses


threshold_distribution = numba.njit(_threshold_distribution)
kl = numba.njit(_kl)


def drawn(shape: str, seed: int, bins: int = 2048) -> Any:
    """Counts int64 (bins,) such as layers have, of one shape."""
    rng = np.random.default_rng([*shape.encode(), seed])
    size = int(rng.integers(1_000, 100 * bins))
    if shape == "levels":  # few distinct values
        place = rng.integers(0, bins, rng.integers(1, 40))
        return np.bincount(place, rng.integers(1, 1000, place.size), bins).astype(np.int64)
    if shape == "decay":  # large counts with noise
        mean = np.exp(-np.arange(bins) / bins * rng.uniform(2, 60)) * 10 ** rng.uniform(1, 4)
        counts = rng.poisson(mean)
        counts[-1] += 1
        return counts
    samplers: dict[str, Callable[[], Any]] = {
        "laplace": lambda: rng.laplace(size=size),
        "relu": lambda: rng.normal(size=size).clip(0),
        "gamma": lambda: rng.gamma(rng.uniform(0.2, 3), size=size),
        "uniform": lambda: rng.uniform(size=size),
        "student": lambda: rng.standard_t(3, size=size),
        "bump": lambda: np.append(rng.normal(size=size), rng.normal(8, 0.5, size // 40)),
        "outliers": lambda: np.append(rng.normal(size=size), rng.uniform(5, 90, 3)),
    }
    values = samplers[shape]()
    place = np.abs(values[values != 0]) / np.abs(values).max() * bins
    return np.bincount(np.minimum(place.astype(np.int64), bins - 1), minlength=bins)

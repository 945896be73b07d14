import numpy as np

from workbench.numerics.rounding import round_half_away


def _total(q_a, s_a, q_b, s_b, s_sum):
    return q_a * (s_sum / s_a) + q_b * (s_sum / s_b)


def _each(q_a, s_a, q_b, s_b, s_sum):
    terms = (q_a * (s_sum / s_a), q_b * (s_sum / s_b))
    return sum(map(round_half_away, terms)).clip(-127, 127)


def _wide(q_a, q_b, e, f):
    return (q_a.astype(np.int64) << f) + q_b.astype(np.int64) * e


RIGHT = {
    "byte": lambda number: (number + 128) % 256 - 128,
    "fits": lambda s_a, s_b: 1 / (1 / s_a + 1 / s_b),
    "add": lambda *given: round_half_away(_total(*given)).clip(-127, 127),
    "integers": lambda q_a, q_b, e, f: (_wide(q_a, q_b, e, f) + (1 << f - 1) >> f).clip(-127, 127),
}
WRONG = {
    "byte": [
        lambda number: number % 256,
        lambda number: max(-128, min(127, number)),  # clipped
        lambda number: (number + 127) % 255 - 127,
    ],
    "fits": [
        lambda s_a, s_b: (s_a + s_b) / 4,
        lambda s_a, s_b: min(s_a, s_b) / 2,
        lambda s_a, s_b: min(s_a, s_b),
        lambda s_a, s_b: s_a + s_b,
    ],
    "add": [
        lambda q_a, s_a, q_b, s_b, s_sum: q_a + q_b,
        lambda *given: round_half_away(_total(*given)),  # not clipped
        lambda *given: np.rint(_total(*given)).clip(-127, 127),
        lambda *given: np.floor(_total(*given)).clip(-127, 127),
        lambda *given: round_half_away(_total(*given)).astype(np.int64).astype(np.int8),
        _each,
        lambda q_a, s_a, q_b, s_b, s_sum: _total(q_a, 1 / s_a, q_b, 1 / s_b, 1 / s_sum),
    ],
    "integers": [
        lambda q_a, q_b, e, f: (_wide(q_a, q_b, e, f) >> f).clip(-127, 127),  # floor
        lambda q_a, q_b, e, f: _wide(q_a, q_b, e, f) + (1 << f - 1) >> f,  # not clipped
        lambda q_a, q_b, e, f: np.clip(q_a + q_b * (e / 2**f), -127, 127),  # not rounded
        lambda q_a, q_b, e, f: q_a + (q_b * np.int16(e) >> f),
        lambda q_a, q_b, e, f: (_wide(q_a, q_b, e, f) + (1 << f - 1) >> f).clip(-128, 127),
    ],
}

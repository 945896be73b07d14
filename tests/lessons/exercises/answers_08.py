import math


def pair(r):
    f = 0
    while r * 2 ** (f + 1) <= 256:
        f += 1
    return math.floor(r * 2**f + 0.5), f


def wide(r):
    fraction, exponent = math.frexp(r)
    m0 = math.floor(fraction * 2**31 + 0.5)
    return (m0, -exponent) if m0 < 2**31 else (2**30, -exponent - 1)


def until_above_128(r):
    f = 0
    while round(r * 2**f) <= 128:
        f += 1
    return round(r * 2**f), f


def without_the_corner(r):
    fraction, exponent = math.frexp(r)
    return math.floor(fraction * 2**31 + 0.5), -exponent


RIGHT = {
    "pair": pair,
    "nearest": lambda total, e, f: (total * e + (1 << (f - 1))) >> f,
    "room": 520,
    "wide": wide,
}
WRONG = {
    "pair": [
        lambda r: (round(r * 256), 8),  # one F for all
        lambda r: (math.floor(r * 2 ** pair(r)[1]), pair(r)[1]),  # truncated
        lambda r: (pair(r)[0] * 2, pair(r)[1] + 1),  # a bit too many
        lambda r: (pair(r / 2)[0] // 2, pair(r / 2)[1] - 1),  # a bit too few
        lambda r: (r * 2 ** pair(r)[1], pair(r)[1]),  # not whole
        until_above_128,  # 256.8 has no 8 bits
    ],
    "nearest": [
        lambda total, e, f: (total * e) >> f,  # rounds down
        lambda total, e, f: round(total * e / 2**f),  # real numbers
        lambda total, e, f: int(total * e / 2**f),
        lambda total, e, f: (total * e + (1 << f)) >> f,  # rounds up
        lambda total, e, f: (total * e + (1 << (f - 1)) - 1) >> f,  # halves down
    ],
    "room": [521, 519, 133152, 260, 512],
    "wide": [
        without_the_corner,
        lambda r: (round(r * 2**31), 0),
        lambda r: (math.floor(math.frexp(r)[0] * 2**31), -math.frexp(r)[1]),  # truncated
        lambda r: (wide(r)[0], -wide(r)[1]),
    ],
}

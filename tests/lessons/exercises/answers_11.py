import numpy as np


def _first(ours, theirs):
    for name, array in ours.items():
        places = np.argwhere(array != theirs[name])
        if len(places):
            return name, tuple(places[0])
    return "none"


def _last(ours, theirs):
    for name in reversed(ours):
        places = np.argwhere(ours[name] != theirs[name])
        if len(places):
            return name, tuple(places[0])
    return "none"


def _near(ours, theirs):
    for name, array in ours.items():
        places = np.argwhere(~np.isclose(array, theirs[name]))
        if len(places):
            return name, tuple(places[0])
    return "none"


def _flat(ours, theirs):
    for name, array in ours.items():
        places = np.flatnonzero(array != theirs[name])
        if len(places):
            return name, (places[0],)
    return "none"


def _bits(x):
    return int(np.float32(x).view(np.int32))


RIGHT = {
    "first": _first,
    "fused": lambda a, b, c: (a.astype(np.float64) * b + c).astype(np.float32),
    "steps": lambda x, y: abs(_bits(x) - _bits(y)),
    "strange": ("unit5_project", 7),
}
WRONG = {
    "first": [_last, _near, _flat, lambda ours, theirs: "none"],
    "fused": [
        lambda a, b, c: a * b + c,
        lambda a, b, c: a.astype(np.float64) * b + c,  # not float32 again
        lambda a, b, c: (a.astype(np.float64) * b).astype(np.float32) + c,
        lambda a, b, c: (a * b).astype(np.float64) + c,
    ],
    "steps": [
        lambda x, y: abs(x - y),
        lambda x, y: _bits(y) - _bits(x),  # negative backwards
        lambda x, y: round(abs(x - y) / 2**-23),
        lambda x, y: abs(_bits(x) - _bits(y)) - 1,
    ],
    "strange": [("split4_0", 7), ("unit5_project", 6), ("unit6_expand", 7), ("prob", 0)],
}

import numpy as np


def order_of(count, groups):
    return np.arange(count).reshape(groups, -1).T.ravel()


def travel(graph, wanted, blob, choose=max, through=("ReLU", "Split")):
    found = []
    for reader in graph.consumers.get(blob, ()):
        if reader.type == "Convolution":
            found.append(wanted[reader.name])
        elif reader.type in through:
            found += [travel(graph, wanted, top, choose, through) for top in reader.tops]
    return choose((scale for scale in found if scale), default=0)


RIGHT = {
    "split": lambda a, b: (max(a, b), a / max(a, b), b / max(a, b)),
    "shuffled": lambda channels, groups: [channels[i] for i in order_of(len(channels), groups)],
    "back": lambda order, wanted: [wanted[order.index(i)] for i in range(len(order))],
    "travel": travel,
}
WRONG = {
    "split": [
        lambda a, b: (min(a, b), a / min(a, b), b / min(a, b)),
        lambda a, b: (max(a, b), max(a, b) / a, max(a, b) / b),
        lambda a, b: ((a + b) / 2, 1, 1),
        lambda a, b: (max(a, b), 1, 1),
        lambda a, b: (2 * max(a, b), a / max(a, b) / 2, b / max(a, b) / 2),
    ],
    "shuffled": [
        lambda channels, groups: channels,
        lambda channels, groups: channels[::groups] + channels[1::groups],  # the other way round
        lambda channels, groups: [
            channels[i] for i in order_of(len(channels), len(channels) // groups)
        ],
        lambda channels, groups: sorted(channels),
    ],
    "back": [
        lambda order, wanted: [wanted[i] for i in order],  # forwards
        lambda order, wanted: wanted,
        lambda order, wanted: sorted(wanted),
    ],
    "travel": [
        lambda graph, wanted, blob: travel(graph, wanted, blob, min),
        lambda graph, wanted, blob: travel(graph, wanted, blob, through=("Split",)),
        lambda graph, wanted, blob: travel(graph, wanted, blob, through=()),
        lambda graph, wanted, blob: travel(graph, wanted, blob) or 1.0,
        lambda graph, wanted, blob: max(wanted.values()),
    ],
}

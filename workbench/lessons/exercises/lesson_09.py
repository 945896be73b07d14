"""The exercises of lesson 9: scales on their way through a graph."""

from __future__ import annotations

import numpy as np

from workbench.formats.param import parse_param
from workbench.graph import Graph
from workbench.lessons.checks import Attempt, Claims, exercise
from workbench.ops import values
from workbench.ops.integer.moving import shuffle
from workbench.simulation.integer.propagation import propagate
from workbench.simulation.integer.wishes import Rules


def _graph(text: str) -> Graph:
    lines = [line.strip() for line in text.strip().splitlines()]
    blobs = sum(int(line.split()[3]) for line in lines)
    return parse_param("\n".join(["7767517", f"{len(lines)} {blobs}", *lines]))


def _convolution(name: str, bottom: str) -> str:
    return f"Convolution {name} 1 1 {bottom} {name} 0=4 1=1 6=16"


_INPUT = "Input data 0 1 data 0=8 1=8 2=4"
_SPLIT = _graph(
    "\n".join(
        [
            _INPUT,
            _convolution("conv0", "data"),
            "Split split 1 2 conv0 a b",
            _convolution("conv1", "a"),
            "BinaryOp add 2 1 b conv1 add 0=0",
            _convolution("conv2", "add"),
        ]
    )
)
_TREE = _graph(
    "\n".join(
        [
            _INPUT,
            _convolution("conv0", "data"),
            "ReLU relu 1 1 conv0 relu",
            "Split split 1 2 relu a b",
            _convolution("conv1", "a"),
            "ReLU relu2 1 1 b relu2",
            "Split again 1 2 relu2 c d",
            _convolution("conv2", "c"),
            _convolution("conv3", "d"),
            _convolution("conv4", "conv3"),
        ]
    )
)


@exercise
def split(attempt: Attempt) -> Claims:
    """Give the scale that is written before a Split, and the factors of both branches."""
    for left, right in ((20.0, 12.0), (12.0, 20.0), (16.0, 16.0), (3.5, 40.0)):
        scale, *factors = attempt(left, right)
        yield "no factor is above 1: no step is missing", max(factors) <= 1
        yield (
            "scale times factor is what the left branch wants",
            np.isclose(scale * factors[0], left),
        )
        yield (
            "scale times factor is what the right branch wants",
            np.isclose(scale * factors[1], right),
        )
        yield "one branch takes the levels as they are", max(factors) == 1
        wanted = {"conv0": 50.0, "conv1": left, "conv2": right}
        found = propagate(_SPLIT, wanted, Rules(wishes_count=True))["conv0"].scale
        yield "it agrees with propagate", found is not None and np.isclose(scale, found[0])


@exercise
def shuffled(attempt: Attempt) -> Claims:
    """Shuffle channels: lay them in rows, read them by columns."""
    first = list(attempt(list(range(8)), 2))
    yield "no channel is lost, none comes twice", sorted(first) == list(range(8))
    yield "the first channel stays first, the last stays last", (first[0], first[-1]) == (0, 7)
    yield "beside channel 0 stands the first of the second row", first[1] == 4
    yield "one row leaves all as it is", list(attempt([3, 1, 2], 1)) == [3, 1, 2]
    for count, groups in ((8, 2), (12, 3), (12, 4), (6, 6), (48, 2)):
        graph = _graph(f"{_INPUT}\nShuffleChannel s 1 1 data s 0={groups}")
        channels = np.random.default_rng(count).permutation(count)
        expected = shuffle(values(graph.by_name["s"]), channels[:, None, None]).ravel()
        given = list(attempt(channels.tolist(), groups))
        yield "it agrees with ShuffleChannel", given == expected.tolist()


@exercise
def back(attempt: Attempt) -> Claims:
    """Bring scales back through a shuffle, to the channels before it."""
    yield (
        "where nothing moves, nothing changes",
        list(attempt([0, 1, 2], [5.0, 6.0, 7.0])) == [5, 6, 7],
    )
    given = list(attempt([1, 2, 0], [5.0, 6.0, 7.0]))
    yield "place 0 wants 5, and channel 1 stands there", given[1] == 5
    yield "channel 0 stands at place 2, which wants 7", given[0] == 7
    rng = np.random.default_rng(3)
    for count in (4, 8, 48):
        order, scales = rng.permutation(count), rng.uniform(5, 50, count).round(1)
        before = np.asarray(attempt(order.tolist(), scales.tolist()), float)
        yield "there is a scale for each channel", before.shape == (count,)
        yield "moved forward again, each place has what it wants", (before[order] == scales).all()


@exercise
def travel(attempt: Attempt) -> Claims:
    """Find the scale of a blob from what its readers want."""
    wanted = {"conv0": 50.0, "conv1": 20.0, "conv2": 31.0, "conv3": 12.0, "conv4": 7.0}
    cases = {
        "conv3": "a Convolution that reads the blob says its scale",
        "a": "the same, behind a Split",
        "conv4": "nobody reads it: 0",
        "relu2": "of several the larger",
        "b": "a ReLU passes on what its readers want",
        "conv0": "through a ReLU and two Splits, of all the largest",
    }
    for blob, claim in cases.items():
        found = propagate(_TREE, wanted)[blob].scale
        yield claim, attempt(_TREE, wanted, blob) == (0 if found is None else float(found[0]))

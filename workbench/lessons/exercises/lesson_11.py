"""The exercises of lesson 11: equal to the bit."""

from __future__ import annotations

import numpy as np

from workbench.formats.weights import Weight
from workbench.lessons.checks import Attempt, Claims, exercise, same
from workbench.model import Model
from workbench.numerics.affine import multiply_add

_CHANGED = ("unit5_project", 7)


def strange_copy(int8: Model) -> Model:
    """Return the lesson's int8 network with one weight changed."""
    layer, window = _CHANGED
    weights = {name: list(arrays) for name, arrays in int8.weights.items()}
    changed = int8.weight(layer, "weight").copy()
    row = changed[window].reshape(-1)
    row[np.abs(row).argmax()] *= -1
    weights[layer][0] = Weight.of("weight", changed, "int8")
    return Model(int8.graph, {name: tuple(arrays) for name, arrays in weights.items()})


@exercise
def first(attempt: Attempt) -> Claims:
    """Find the first element in which two runs differ."""
    a = {"data": np.zeros((1, 2, 2)), "conv": np.arange(12).reshape(3, 2, 2), "out": np.ones(4)}
    yield "equal runs have no difference", attempt(a, a) == "none"
    b = {**a, "out": np.array([1.0, 1.0, 2.0, 3.0])}
    yield "of two elements in a blob the first is named", _is(attempt(a, b), "out", (2,))
    c = {**b, "conv": a["conv"] + (a["conv"] > 6)}
    yield "of two blobs the first is named", attempt(a, c)[0] == "conv"
    yield "the index has a number for each axis", _is(attempt(a, c), "conv", (1, 1, 1))
    d = {**a, "conv": a["conv"] - (a["conv"] == 0)}
    yield "a number that is smaller differs too", _is(attempt(a, d), "conv", (0, 0, 0))
    yield "it does not matter which run comes first", _is(attempt(d, a), "conv", (0, 0, 0))
    near = {**a, "out": np.nextafter(a["out"], 2)}
    yield "the last bit counts", _is(attempt(a, near), "out", (0,))


@exercise
def fused(attempt: Attempt) -> Claims:
    """Multiply and add, rounding once."""
    one = np.ones(3, np.float32)
    yield "1 · 1 + 1 is 2", same(attempt(one, one, one), 2 * one)
    yield "the result is float32", np.asarray(attempt(one, one, one)).dtype == np.float32
    x = one + np.float32(2.0**-12)
    yield (
        "of x · x - x² rounded, what rounding lost is left",
        same(attempt(x, x, -(x * x)), np.full(3, 2.0**-24)),
    )
    rng = np.random.default_rng(5)
    a, b, c = rng.normal(0, 1, (3, 500)).astype(np.float32)
    yield "it agrees with multiply_add", same(attempt(a, b, c), multiply_add(a, b, c, True))


@exercise
def steps(attempt: Attempt) -> Claims:
    """Count the float32 numbers from one to another."""
    for x in (1.0, 0.37, 1e-20, 5e8):
        given = np.float32(x)
        after = np.nextafter(given, np.float32(np.inf))
        yield "a number is no step from itself", attempt(given, given) == 0
        yield "its neighbour is one step away", attempt(given, after) == 1
        yield "there and back it is as far", attempt(after, given) == 1
        yield "to the double there are 2²³", attempt(given, 2 * given) == 2**23
    yield (
        "0.1 + 0.2 and 0.3 as float32",
        attempt(np.float32(0.1) + np.float32(0.2), np.float32(0.3))
        == _apart(np.float32(0.1) + np.float32(0.2), np.float32(0.3)),
    )


@exercise
def strange(attempt: Attempt) -> Claims:
    """Name the layer and the window whose weight was changed."""
    layer, window = attempt.value
    names = {layer, layer.removesuffix("_0").removesuffix("_1")}
    yield (
        "it is a layer with weights, not a Split or an addition",
        not any(name.startswith(("split", "add", "data", "prob", "pool")) for name in names),
    )
    yield "all blobs before this layer's are equal, and this one differs", layer == _CHANGED[0]
    yield "only this window's channel of the blob differs", window == _CHANGED[1]


def _is(found: object, name: str, index: tuple[int, ...]) -> bool:
    """Whether an answer names an element; "none" names nothing."""
    if isinstance(found, str):
        return False
    blob, place = tuple(found)  # type: ignore[arg-type,var-annotated]
    return blob == name and tuple(int(i) for i in place) == index


def _apart(x: np.float32, y: np.float32) -> int:
    places = np.array([x, y], np.float32).view(np.int32).tolist()
    return abs(int(places[0]) - int(places[1]))

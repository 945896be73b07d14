"""At runtime there are integers only: any float array that an op makes is seen here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.graph import Layer
from workbench.numerics.fixed_point import FLAVOURS, Flavour, OverflowCounter, prepare_rescale
from workbench.ops import values
from workbench.ops.integer import activating, bordering, combining, moving, pooling, rescaling
from workbench.ops.integer.requantizing import prepare_requantization, requantize


class Watched(np.ndarray[Any, Any]):
    """An array whose every result must be integers or truth values."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [x.view(np.ndarray) if isinstance(x, Watched) else x for x in inputs]
        out = kwargs.pop("out", None)
        if out:
            kwargs["out"] = tuple(x.view(np.ndarray) for x in out)
        result = getattr(ufunc, method)(*plain, **kwargs)
        for array in result if isinstance(result, tuple) else (result,):
            assert np.asarray(array).dtype.kind in "iub", f"{ufunc.__name__} made {array.dtype}"
        return result.view(Watched) if isinstance(result, np.ndarray) else result


def watched(shape: tuple[int, ...], dtype: type = np.int8) -> NDArray[Any]:
    limit = 127 if dtype is np.int8 else 10**6
    return np.random.default_rng(0).integers(-limit, limit, shape).astype(dtype).view(Watched)


def layer(type: str, params: dict[int, Any]) -> Any:
    return values(Layer(type, "x", ("a",), ("b",), params))


X = watched((4, 5, 6))
RUNTIME: dict[str, Callable[[Any], Any]] = {
    "change": lambda f: rescaling.rescaled(X, rescaling.prepare_change(3.0, 2.0, f)),
    "sum": lambda f: combining.weighted_sum(
        [X, X], combining.prepare_sum([3.0, 2.0], 1.5, flavour=f)
    ),
    "fine sum": lambda f: combining.weighted_sum(
        [X, X], combining.prepare_sum([3.0, 2.0], 1.5, flavour=f, headroom=8)
    ),
    "product": lambda f: combining.product([X, X], combining.prepare_product([3.0, 2.0], 1.5, f)),
    "maximum": lambda f: combining.largest([X, X], [rescaling.prepare_change(3.0, 2.0, f), None]),
    "table": lambda f: activating.look_up(X, activating.prepare_table(np.tanh, 30.0, 120.0)),
    "relu": lambda f: activating.relu(X),
    "maxima": lambda f: pooling.pool(layer("Pooling", {0: 0, 1: 3, 3: 1}), X),
    "means": lambda f: pooling.pool(layer("Pooling", {0: 1, 1: 3, 3: 1}), X),
    "divided sums": lambda f: pooling.divide(X * 9, watched((4, 5, 6)) % 9 + 1).astype(np.int8),
    "global mean": lambda f: pooling.pool(
        layer("Pooling", {0: 1, 4: 1}), X, pooling.prepare_mean(3.0, 2.0, f)
    ),
    "border": lambda f: bordering.pad(
        layer("Padding", {0: 1, 2: 2}), X, bordering.prepare_border(0.5, 20.0)
    ),
    "shuffle": lambda f: moving.shuffle(layer("ShuffleChannel", {0: 2}), X),
    "concat": lambda f: moving.concat(layer("Concat", {}), [X, X]),
    "requantize": lambda f: requantize(
        watched((3, 2, 2), np.int32),
        prepare_requantization(
            np.array([3, 4, 5], np.float32),
            np.float32(9),
            np.float32(2),
            np.ones(3, np.float32),
            flavour=f,
        ),
        counter=OverflowCounter(),
    ),
}


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("op", RUNTIME)
def test_an_op_makes_no_float(op: str, flavour: Flavour) -> None:
    assert RUNTIME[op](flavour).dtype == np.int8


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_rescale_makes_no_float(flavour: Flavour) -> None:
    rescale = prepare_rescale([0.3, 1.7, 0.0004], flavour)
    assert rescale.apply(watched((3, 50), np.int32)).dtype == np.int32


def test_a_float_would_be_seen() -> None:
    with pytest.raises(AssertionError, match="made float64"):
        X / 2

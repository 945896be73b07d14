"""A whole network in ncnn, and its blobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.engine.loading import check_options, each_values, fetch, load
from workbench.engine.trial import try_out
from workbench.errors import EngineError, InputError
from workbench.model import Model

Array = NDArray[np.float32]


class Network:
    """A network in ncnn.

    It is loaded when it first runs. What ncnn reads are temporary files written from `model`,
    so that what runs is what was checked, whatever happens to the user's files meanwhile.

    Args:
        model: the network.
        threads: OpenMP threads of one run.
        options: other fields of ncnn's Option by name, e.g. use_packing_layout=False.

    Raises:
        EngineError: ncnn has no such option.
    """

    def __init__(self, model: Model, threads: int = 1, **options: bool) -> None:
        check_options(options)
        self._model = model
        self._threads = threads
        self._options = options
        self._net: Any = None

    def run(self, inputs: Mapping[str, Array], blobs: Sequence[str]) -> dict[str, Array]:
        """Run the network once and fetch blobs.

        Inputs of shapes that this network has not seen go through a trial run first (`try_out`).

        Args:
            inputs: float32 array of each Input blob, shape (W), (H, W), (C, H, W) or
                (C, D, H, W).
            blobs: names of the blobs wanted, in any order.

        Returns:
            Each blob as a fresh float32 array, unpacked.

        Raises:
            InputError: an input is missing, unknown, or not a finite array of 1 to 4 axes.
            EngineError: a blob does not exist, or ncnn cannot run the network on these inputs.
        """
        return fetch(*self._ready(inputs, blobs))

    def run_raw(self, inputs: Mapping[str, Array], blobs: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Do as `run`, but give int8 blobs as int8."""
        return fetch(*self._ready(inputs, blobs), raw=True)

    def run_values(
        self, inputs: Mapping[str, Array], blobs: Sequence[str]
    ) -> Iterator[tuple[str, Array]]:
        """Do as `run`, but give each blob as soon as it is computed, with its name: its values as
        a flat array in no particular order, which should be dropped before the next.

        That spares copies, for ncnn keeps several channels side by side, and memory.
        """
        yield from each_values(*self._ready(inputs, blobs))

    def _ready(
        self, inputs: Mapping[str, Array], blobs: Sequence[str]
    ) -> tuple[Any, dict[str, Array], list[str]]:
        """The network, loaded and tried out; its inputs, checked; and the blobs in its order."""
        graph = self._model.graph
        for blob in blobs:
            if blob not in graph.producers:
                raise EngineError("the network has no such blob", where=f"blob {blob}")
        arrays = checked_inputs(graph.inputs, inputs)
        try_out(self._model, {name: array.shape for name, array in arrays.items()})
        if self._net is None:
            self._net = load(self._model, self._threads, self._options)
        wanted = set(blobs)
        return self._net, arrays, [blob for blob in graph.blobs if blob in wanted]


def checked_inputs(names: Sequence[str], inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Return the inputs as contiguous float32 arrays, in the order of `names`.

    Raises:
        InputError: an input is missing, unknown, or not a finite array of 1 to 4 axes.
    """
    if missing := set(names) - set(inputs):
        raise InputError("no array was given for it", where=f"input blob {sorted(missing)[0]}")
    if unknown := set(inputs) - set(names):
        raise InputError(
            "the network has no such input",
            where=f"input blob {sorted(unknown)[0]}",
            advice=f"Its inputs are: {', '.join(names)}.",
        )
    return {name: _contiguous(name, inputs[name]) for name in names}


def _contiguous(name: str, array: Array) -> Array:
    if not 1 <= array.ndim <= 4 or array.size == 0:
        raise InputError(
            f"an array of shape {array.shape} cannot be a blob", where=f"input blob {name}"
        )
    array = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(array).all():
        raise InputError("the array has NaN or infinity", where=f"input blob {name}")
    return array

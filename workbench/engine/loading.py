"""ncnn's networks and blobs as Python sees them: loading, feeding, fetching."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ncnn
import numpy as np
from numpy.typing import NDArray

from workbench.errors import EngineError
from workbench.model import Model, save_model

FLOAT_OPTIONS = {
    "use_vulkan_compute": False,
    "use_fp16_packed": False,
    "use_fp16_storage": False,
    "use_fp16_arithmetic": False,
    "use_bf16_packed": False,
    "use_bf16_storage": False,
}

_POOLS: deque[tuple[Any, Any]] = deque()
"""Memory for blobs and for the work between, for as many runs as there ever were at a time. ncnn's
own way takes it from the system for each blob, and clears it: a third of the time of a run. They
are never given back, for an array may still be in them."""


def check_options(options: Mapping[str, bool]) -> None:
    """Raise EngineError if ncnn's Option has no field of such a name."""
    for name in options:
        if not hasattr(ncnn.Option(), name):
            raise EngineError("ncnn has no such option", where=f"option {name}")


def load(model: Model, threads: int, options: Mapping[str, bool]) -> Any:
    """Load a network from temporary files written from `model`.

    Raises:
        EngineError: ncnn refuses the network, or has no such option.
    """
    check_options(options)
    net = ncnn.Net()
    net.opt.num_threads = threads  # every option before loading: later changes are ignored
    for name, value in (FLOAT_OPTIONS | dict(options)).items():
        setattr(net.opt, name, value)
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        param, bin_ = str(Path(folder, "m.param")), str(Path(folder, "m.bin"))
        save_model(model, param, bin_)
        for kind, load, path in (("param", net.load_param, param), ("bin", net.load_model, bin_)):
            if load(path) != 0:
                raise EngineError(f"ncnn refused the .{kind} file", where="loading the network")
    return net


def fetch(
    net: Any, inputs: Mapping[str, NDArray[Any]], blobs: Sequence[str], raw: bool = False
) -> dict[str, NDArray[Any]]:
    """Run once and fetch blobs, which must stand in the order of the network: in ncnn's light
    mode, fetching an earlier blob after a later one crashes.

    Args:
        net: the loaded network.
        inputs: contiguous float32 or int8 arrays.
        blobs: what to fetch.
        raw: give int8 blobs as int8, not as float32.
    """
    with _extractor(net, inputs) as extractor:
        return {blob: _unpacked(_extract(extractor, blob, raw), net.opt) for blob in blobs}


def each_values(
    net: Any, inputs: Mapping[str, NDArray[Any]], blobs: Sequence[str]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Do as `fetch`, but give one blob after another, as soon as it is computed: the values in no
    particular order, flat float32, in ncnn's memory until the array is dropped.
    """
    options = net.opt
    with _extractor(net, inputs) as extractor:
        for blob in blobs:
            yield blob, _values(_extract(extractor, blob, raw=True), options)


@contextmanager
def _extractor(net: Any, inputs: Mapping[str, NDArray[Any]]) -> Iterator[Any]:
    """Give an Extractor that has its inputs, and whose blobs lie in memory that is used again."""
    try:
        pools = _POOLS.pop()
    except IndexError:
        pools = ncnn.PoolAllocator(), ncnn.PoolAllocator()
    try:
        extractor = net.create_extractor()
        extractor.set_blob_allocator(pools[0])
        extractor.set_workspace_allocator(pools[1])
        for name, array in inputs.items():
            borrowed = ncnn.Mat(array)  # does not keep the array alive, its clone need not
            extractor.input(name, borrowed.clone(pools[0]))
        yield extractor
    finally:
        _POOLS.append(pools)


def _extract(extractor: Any, blob: str, raw: bool) -> Any:
    code, mat = extractor.extract(blob, 1) if raw else extractor.extract(blob)
    if code != 0 or mat.empty():
        raise EngineError(f"ncnn could not compute it (code {code})", where=f"blob {blob}")
    return mat


def _unpacked(mat: Any, options: Any) -> NDArray[Any]:
    if mat.elempack != 1:  # only a raw one can be packed, and numpy() crashes on packed int8
        mat = ncnn.convert_packing(mat, 1, options)
    return np.array(mat, dtype=np.int8 if mat.elembits() == 8 else np.float32)


def _values(mat: Any, options: Any) -> NDArray[np.float32]:
    """The values, in no particular order; the Mat's head is changed, so that it is not packed."""
    if mat.elembits() != 32:
        return _unpacked(mat, options).reshape(-1).astype(np.float32)
    if (side := mat.elempack) != 1:
        mat.w, mat.cstep = mat.w * side, mat.cstep * side
        mat.elemsize, mat.elempack = 4, 1
    values: NDArray[np.float32] = np.asarray(mat).reshape(-1)
    return values

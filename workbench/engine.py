"""Running networks in ncnn, in float. The only file that imports ncnn.

ncnn is C++ and trusts its input: a network whose layers do not fit together can crash the
process, and with it a notebook's kernel. So a network first runs once in a child process
(`try_out`), and only one that survives is loaded here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import ncnn
import numpy as np
from numpy.typing import NDArray

from workbench.errors import EngineError, InputError
from workbench.model import Model, save_model

Array = NDArray[np.float32]

TRIAL_SECONDS = 120
TRIAL_BYTES = 8 << 30

_FLOAT_OPTIONS = {
    "use_vulkan_compute": False,
    "use_fp16_packed": False,
    "use_fp16_storage": False,
    "use_fp16_arithmetic": False,
    "use_bf16_packed": False,
    "use_bf16_storage": False,
}
_FROM_RGB = {"RGB": "PIXEL_RGB", "BGR": "PIXEL_RGB2BGR", "GRAY": "PIXEL_RGB2GRAY"}


class Network:
    """A network for float inference in ncnn.

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
        for name in options:
            if not hasattr(ncnn.Option(), name):
                raise EngineError("ncnn has no such option", where=f"option {name}")
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
        graph = self._model.graph
        for blob in blobs:
            if blob not in graph.producers:
                raise EngineError("the network has no such blob", where=f"blob {blob}")
        arrays = _checked_inputs(graph.inputs, inputs)
        try_out(self._model, {name: array.shape for name, array in arrays.items()})
        if self._net is None:
            self._net = _load(self._model, self._threads, self._options)
        wanted = set(blobs)
        return _fetch(self._net, arrays, [blob for blob in graph.blobs if blob in wanted])


def _load(model: Model, threads: int, options: Mapping[str, bool]) -> Any:
    net = ncnn.Net()
    net.opt.num_threads = threads  # every option before loading: later changes are ignored
    for name, value in (_FLOAT_OPTIONS | dict(options)).items():
        setattr(net.opt, name, value)
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        param, bin_ = str(Path(folder, "m.param")), str(Path(folder, "m.bin"))
        save_model(model, param, bin_)
        for kind, load, path in (("param", net.load_param, param), ("bin", net.load_model, bin_)):
            if load(path) != 0:
                raise EngineError(f"ncnn refused the .{kind} file", where="loading the network")
    return net


def _fetch(net: Any, inputs: Mapping[str, Array], blobs: Sequence[str]) -> dict[str, Array]:
    """Run once and fetch blobs, which must stand in the order of the network: in ncnn's light
    mode, fetching an earlier blob after a later one crashes.
    """
    extractor = net.create_extractor()
    for name, array in inputs.items():
        borrowed = ncnn.Mat(array)  # does not keep the array alive, its clone need not
        extractor.input(name, borrowed.clone())
    return {blob: _extract(extractor, blob) for blob in blobs}


def _extract(extractor: Any, blob: str) -> Array:
    code, mat = extractor.extract(blob)
    if code != 0 or mat.empty():
        raise EngineError(f"ncnn could not compute it (code {code})", where=f"blob {blob}")
    array: Array = np.array(mat, dtype=np.float32)
    return array


def _checked_inputs(names: Sequence[str], inputs: Mapping[str, Array]) -> dict[str, Array]:
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


def pixels_to_blob(
    rgb: NDArray[np.uint8],
    size: tuple[int, int],
    pixel: str,
    mean: Sequence[float],
    norm: Sequence[float],
) -> Array:
    """Turn a picture into a network's input by ncnn's own code.

    value = (pixel - mean) * norm, after `Mat.from_pixels_resize` (bilinear, fixed-point).

    Args:
        rgb: uint8 (height, width, 3), red first.
        size: (w, h) of the input blob.
        pixel: "BGR", "RGB" or "GRAY": order of the channels in the blob.
        mean: subtracted, one for each channel; empty for none.
        norm: multiplied afterwards, one for each channel; empty for none.

    Returns:
        float32 (C, H, W).
    """
    code = getattr(ncnn.Mat.PixelType, _FROM_RGB[pixel])
    height, width = rgb.shape[:2]
    pixels = np.ascontiguousarray(rgb)
    mat = ncnn.Mat.from_pixels_resize(pixels, code, width, height, size[0], size[1])
    mat.substract_mean_normalize(list(mean), list(norm))
    blob: Array = np.array(mat)
    return blob


# --- the trial run ------------------------------------------------------------------------


def try_out(model: Model, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Run a network once, on zeros, in a child process with bounded time and memory.

    A network that passed is remembered by its hash and shapes, and not tried again.

    Args:
        model: the network.
        shapes: shape of each input blob, as of the arrays for `Network.run`.

    Raises:
        EngineError: ncnn refused it, crashed, ran out of memory or did not come to an end.
    """
    key = (model.sha256, json.dumps(dict(shapes), sort_keys=True))
    if key in _survived():
        return
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        save_model(model, Path(folder, "m.param"), Path(folder, "m.bin"))
        Path(folder, "shapes.json").write_text(json.dumps(dict(shapes)))
        _judge(_run_child(folder))
    _survived().add(key)


@lru_cache(maxsize=1)
def _survived() -> set[tuple[str, str]]:
    return set()


def _run_child(folder: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        return subprocess.run(
            [sys.executable, "-m", "workbench.engine", folder],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TRIAL_SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(
            f"the network did not finish one run on zeros within {TRIAL_SECONDS} s",
            where="trial run",
            advice="Check the shapes that its layers produce.",
        ) from error


def _judge(child: subprocess.CompletedProcess[str]) -> None:
    if child.returncode == 0:
        return
    said = " | ".join(child.stderr.strip().splitlines()[-2:])
    if child.returncode < 0:
        how = f"ncnn crashed on this network ({signal.Signals(-child.returncode).name})"
    else:
        how = "ncnn could not run this network"
    raise EngineError(
        f"{how}; it said: {said}" if said else how,
        where="trial run",
        advice="The layers' parameters or shapes do not fit together, or the input's shape is "
        "not the one that the network was made for.",
    )


def _trial(folder: str) -> None:
    """What the child does: load, run once on zeros, fetch the outputs."""
    from workbench.model import load_model

    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (TRIAL_BYTES, TRIAL_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    model = load_model(Path(folder, "m.param"), Path(folder, "m.bin"))
    shapes = json.loads(Path(folder, "shapes.json").read_text())
    zeros = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    order = [blob for blob in model.graph.blobs if blob in model.graph.outputs]
    _fetch(_load(model, 1, {}), zeros, order)


if __name__ == "__main__":
    try:
        _trial(sys.argv[1])
    except Exception as error:
        sys.exit(str(error))

"""Golden vectors: every blob of every image as a file, to compare a device with.

    DIR/manifest.json     a list of objects: image, input, file, layer, blob, dtype, scale
    DIR/0000/NAME.npy     one blob of image 0, (C, H, W): int8, or float32 where it is float

`scale` is a number for an int8 blob (real = int8 / scale), a list where each channel has its own,
and null for a float one. `input` is the file that the image was read from, null for an array. The
blob of an Input layer is the float32 that the network was given. Blob names become
file names; what a file system might not take is replaced by "_", and the manifest says which file
holds which blob.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from workbench.calibration.inputs import FileInputs, Item, MultiInput
from workbench.calibration.plan import Plan
from workbench.files import make_folder, write_text, writing
from workbench.model import Model
from workbench.simulation.blob import Blob, Run
from workbench.simulation.scheme import Scheme
from workbench.simulation.simulator import Simulator

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


def dump(
    model: Model,
    plan: Plan,
    inputs: Sequence[Item],
    folder: str | Path,
    scheme: str | Scheme = "requantize",
    also: Callable[[Path, Run], object] = lambda home, run: None,
) -> None:
    """Write golden vectors of every image; the manifest comes last, when all files are there.

    Args:
        model: the float network.
        plan: decisions for it.
        inputs: images or tensors.
        folder: where to write; it is made if it does not exist.
        scheme: a key of `workbench.simulation.scheme.SCHEMES`, or a Scheme.
        also: called with the folder of each image, which is there, and its run.

    Raises:
        WorkbenchError: the folder cannot be written.
    """
    target = Path(folder)
    simulator = Simulator(model, plan, scheme)
    names = _file_names(model.graph.blobs)
    manifest = []
    for number, item in enumerate(inputs):
        home = target / f"{number:04}"
        make_folder(home)
        run = simulator.run(item)
        for name, blob in run.blobs.items():
            with writing(home / names[name]):
                np.save(home / names[name], blob.array)
            file = f"{home.name}/{names[name]}"
            manifest.append(_entry(number, _input(inputs, number), file, model, name, blob))
        also(home, run)
    write_text(target / "manifest.json", json.dumps(manifest, indent=1) + "\n")


def _input(inputs: Sequence[Item], number: int) -> object:
    """The file of an input, or that of each input blob; None if it was an array."""
    if isinstance(inputs, MultiInput):
        return {blob: _input(part, number) for blob, part in inputs.parts.items()}
    return str(inputs.files[number]) if isinstance(inputs, FileInputs) else None


def _entry(
    image: int, input: object, file: str, model: Model, name: str, blob: Blob
) -> Mapping[str, object]:
    return {
        "image": image,
        "input": input,
        "file": file,
        "layer": model.graph.producers[name].name,
        "blob": name,
        "dtype": blob.array.dtype.name,
        "scale": blob.scale.tolist() if isinstance(blob.scale, np.ndarray) else blob.scale,
    }


def _file_names(blobs: Sequence[str]) -> Mapping[str, str]:
    """A file name for each blob, different even where a file system ignores upper case."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for blob in blobs:
        stem = _UNSAFE.sub("_", blob)[:100] or "_"
        name = f"{stem}.npy"
        number = 2
        while name.lower() in taken:
            name, number = f"{stem}-{number}.npy", number + 1
        taken.add(name.lower())
        names[blob] = name
    return names

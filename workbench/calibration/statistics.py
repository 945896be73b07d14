"""What calibration remembers of a network's activations, and the file that keeps it.

The file is a NumPy .npz without pickled objects: `meta` (JSON text), `counts` int64
(blobs, bins), `absmax` float32, `zeros`, `blob_size`, `nonfinite` int64 (blobs,).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.files import reading, replacing
from workbench.numerics.histogram import Histogram

VERSION = 1
_ARRAYS = ("counts", "absmax", "zeros", "blob_size", "nonfinite")


@dataclass(frozen=True, eq=False)
class Statistics:
    """Histograms of the blobs that quantizable layers read.

    Attributes:
        layers: for each quantizable layer, in the network's order, the blob it reads; blobs
            after a Split are the same data and have the name of the Split's bottom.
        histograms: the histogram of each such blob.
        nonfinite: how many values of each blob were NaN or infinite (they are not counted).
        images: number of images counted.
        model_sha256: hash of the network (`Model.sha256`).
        inputs: fingerprint of the images and their preprocessing.
    """

    layers: Mapping[str, str]
    histograms: Mapping[str, Histogram]
    nonfinite: Mapping[str, int]
    images: int
    model_sha256: str
    inputs: str = ""

    def __post_init__(self) -> None:
        for name in ("layers", "histograms", "nonfinite"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __getitem__(self, layer: str) -> Histogram:
        """Return the histogram of a layer's bottom blob."""
        return self.histograms[self.layers[layer]]


def save_statistics(stats: Statistics, path: str | Path) -> None:
    """Write statistics to an .npz file, replacing it only when the whole is written."""
    meta = {
        "version": VERSION,
        "layers": dict(stats.layers),
        "blobs": list(stats.histograms),
        "images": stats.images,
        "model_sha256": stats.model_sha256,
        "inputs": stats.inputs,
    }
    histograms = stats.histograms.values()
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(
            stream,
            meta=np.array(json.dumps(meta)),
            counts=np.array([h.counts for h in histograms], np.int64),
            absmax=np.array([h.absmax for h in histograms], np.float32),
            zeros=np.array([h.zeros for h in histograms], np.int64),
            blob_size=np.array([h.blob_size for h in histograms], np.int64),
            nonfinite=np.array([stats.nonfinite[b] for b in stats.histograms], np.int64),
        )


def load_statistics(path: str | Path) -> Statistics:
    """Read what `save_statistics` wrote.

    Raises:
        FormatError: the file is missing, is of another kind or version, or contradicts itself.
    """
    with (
        reading(
            path,
            "a file of calibration statistics",
            "Collect them again and save them with save_statistics.",
        ),
        Path(path).open("rb") as stream,
        np.load(stream, allow_pickle=False) as file,
    ):
        arrays = {name: file[name] for name in _ARRAYS}
        return _assemble(json.loads(str(file["meta"])), arrays)


def _assemble(meta: dict[str, object], arrays: dict[str, NDArray[Any]]) -> Statistics:
    if meta["version"] != VERSION:
        raise ValueError(f"version {meta['version']}, not {VERSION}")
    blobs, layers = meta["blobs"], meta["layers"]
    if not isinstance(blobs, list) or not isinstance(layers, dict):
        raise TypeError("blobs or layers have the wrong form")
    if arrays["counts"].ndim != 2 or (arrays["counts"] < 0).any():
        raise ValueError("counts are not what they should be")
    if any(len(array) != len(blobs) for array in arrays.values()):
        raise ValueError("arrays of different lengths")
    if not (np.isfinite(arrays["absmax"]).all() and set(layers.values()) <= set(blobs)):
        raise ValueError("a range is not finite, or a layer's blob is missing")
    rows = zip(*(arrays[name] for name in _ARRAYS[:4]), strict=True)
    return Statistics(
        layers=layers,
        histograms={
            blob: Histogram(counts, float(absmax), int(zeros), int(size))
            for blob, (counts, absmax, zeros, size) in zip(blobs, rows, strict=True)
        },
        nonfinite=dict(zip(blobs, map(int, arrays["nonfinite"]), strict=True)),
        images=int(str(meta["images"])),
        model_sha256=str(meta["model_sha256"]),
        inputs=str(meta["inputs"]),
    )

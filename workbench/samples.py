"""The sample networks that come with the workbench, and their images."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from workbench.calibration.inputs import FileInputs, ImageFolder
from workbench.errors import WorkbenchError
from workbench.model import Model, load_model


@dataclass(frozen=True)
class Sample:
    """One sample network.

    Attributes:
        name: its key in the catalogue, e.g. "mobilenet_v2".
        folder: where the sample networks lie.
        entry: its entry under "networks" in `samples.json`.
    """

    name: str
    folder: Path
    entry: Mapping[str, Any]

    @property
    def param(self) -> Path:
        """The network's .param file."""
        return self.folder / str(self.entry["param"])

    @property
    def bin(self) -> Path:
        """The network's .bin file."""
        return self.folder / str(self.entry["bin"])

    @property
    def calibration(self) -> Path:
        """Folder of the images to calibrate on."""
        return self.folder / "images" / "calibration"

    @property
    def heldout(self) -> Path:
        """Folder of the labelled images to measure accuracy on, apart from the others."""
        return self.folder / "images" / "heldout"

    @property
    def labels(self) -> dict[str, int]:
        """The digit on each held-out image, by file name."""
        lines = (self.heldout / "labels.txt").read_text(encoding="utf-8").splitlines()
        return {name: int(label) for name, label in (line.split() for line in lines)}

    @property
    def input(self) -> dict[str, Any]:
        """Settings of `ImageFolder` for this network: shape, mean, norm, pixel."""
        return {key: self.entry[key] for key in ("shape", "mean", "norm", "pixel")}

    def load(self) -> Model:
        """Read the network."""
        return load_model(self.param, self.bin)

    def images(self) -> FileInputs:
        """The calibration images, preprocessed for this network."""
        return ImageFolder(self.calibration, **self.input)


def sample(name: str) -> Sample:
    """Return a sample network by name.

    Raises:
        WorkbenchError: there is none of that name.
    """
    try:
        return samples()[name]
    except KeyError:
        names = ", ".join(samples())
        raise WorkbenchError(
            f"there is no sample network {name!r}", advice=f"There are: {names}."
        ) from None


@cache
def samples() -> Mapping[str, Sample]:
    """All sample networks by name."""
    folder = bundled("sample_models")
    catalogue = json.loads((folder / "samples.json").read_text(encoding="utf-8"))
    networks = catalogue["networks"]
    return {name: Sample(name, folder, networks[name]) for name in networks}


def bundled(name: str) -> Path:
    """Return a folder that comes with the package: "sample_models" or "notebooks".

    An installed package holds them inside; in a clone they stand beside it.
    """
    here = Path(__file__).resolve().parent
    for candidate in (here / "_bundle" / name, here.parent / name):
        if candidate.is_dir():
            return candidate
    raise WorkbenchError(
        f"the folder {name} is missing from this installation", advice="Install it again."
    )

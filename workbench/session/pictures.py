"""The probes as pictures, as the network sees them: resized and cropped, in its own order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.calibration.inputs import FileInputs, Item, MultiInput
from workbench.calibration.readers import PictureReader

PLANES = 16
"""At most so many channels of a tensor are shown, side by side."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One probe to look at.

    Attributes:
        name: its file's name, or "probe 1".
        pixels: uint8 (h, w, 3) or grey (h, w), read-only; None if it has no two dimensions.
        about: what is to be seen, in words.
    """

    name: str
    pixels: NDArray[np.uint8] | None
    about: str

    def __post_init__(self) -> None:
        if self.pixels is not None:
            self.pixels.setflags(write=False)


def picture(probes: Sequence[Item], number: int) -> Picture:
    """Return one probe as a picture; of several inputs, the first that is a picture.

    Raises:
        InputError: its file cannot be read.
    """
    item = probes[number]
    parts = item if isinstance(item, Mapping) else {"": item}
    seen = [
        Picture(_name(files, number), *_drawn(np.asarray(parts[blob]), files))
        for blob, files in ((blob, _files(probes, blob)) for blob in parts)
    ]
    return next((part for part in seen if part.pixels is not None), seen[0])


def _files(probes: Any, blob: str) -> FileInputs | None:
    """The files behind an input blob, if it comes from files."""
    part = probes.parts[blob] if isinstance(probes, MultiInput) else probes
    return part if isinstance(part, FileInputs) else None


def _name(files: FileInputs | None, number: int) -> str:
    return files.files[number].name if files else f"probe {number + 1}"


def _drawn(array: NDArray[Any], files: FileInputs | None) -> tuple[NDArray[np.uint8] | None, str]:
    """The pixels, and what they are."""
    shape = " × ".join(map(str, reversed(array.shape)))
    if files and isinstance(files.reader, PictureReader):
        return _undone(array, files.reader), f"as the network sees it, {shape} values"
    if array.ndim not in (2, 3) or min(array.shape[-2:]) < 2:
        return None, f"{shape} values, no picture"
    planes = array.reshape(-1, *array.shape[-2:])
    shown = planes[:PLANES]
    first = "" if len(shown) == len(planes) else f"the first {len(shown)} of {len(planes)} channels"
    return _tiled(_grey(shown)), f"{shape} values {first}".strip()


def _undone(array: NDArray[Any], reader: PictureReader) -> NDArray[np.uint8]:
    """Undo value = (pixel - mean) * norm, and the order of the channels."""
    norm = np.asarray(reader.norm or [1.0] * len(array), np.float64).reshape(-1, 1, 1)
    mean = np.asarray(reader.mean or [0.0] * len(array), np.float64).reshape(-1, 1, 1)
    levels = np.divide(array, norm, out=np.zeros(array.shape), where=norm != 0) + mean
    pixels: NDArray[np.uint8] = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    if reader.pixel == "GRAY":
        return np.ascontiguousarray(pixels[0])
    ordered = pixels[::-1] if reader.pixel == "BGR" else pixels
    return np.ascontiguousarray(ordered.transpose(1, 2, 0))


def _grey(planes: NDArray[Any]) -> NDArray[np.uint8]:
    """Stretch values to 0 .. 255, all planes alike."""
    low, high = float(planes.min()), float(planes.max())
    stretched = (planes - low) * (255 / (high - low)) if high > low else np.zeros(planes.shape)
    return stretched.astype(np.uint8)


def _tiled(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay planes side by side, in rows, with a line between them."""
    across = math.ceil(math.sqrt(len(planes)))
    down = math.ceil(len(planes) / across)
    height, width = planes.shape[1] + 1, planes.shape[2] + 1
    sheet = np.full((down * height - 1, across * width - 1), 128, np.uint8)
    for number, plane in enumerate(planes):
        top, left = number // across * height, number % across * width
        sheet[top : top + height - 1, left : left + width - 1] = plane
    return sheet

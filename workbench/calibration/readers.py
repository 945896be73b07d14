"""How one file becomes one input array: a picture through ncnn's own resize, or a .npy tensor."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from workbench.engine import pixels_to_blob
from workbench.errors import InputError

Array = NDArray[np.float32]

MOST_VALUES = 1 << 28
"""Of an input blob: a gigabyte of float32, beyond which ncnn may find no memory and crash."""
CHANNELS = {"BGR": 3, "RGB": 3, "GRAY": 1}

_ONE_AT_A_TIME = Lock()
"""For headers of .npy files: two threads at once in Python 3.11's `ast` may fail (gh-106905)."""


class Reader(Protocol):
    """Turns one file into one input array."""

    def read(self, path: Path) -> Array:
        """Return float32 of 1 to 4 axes, finite; raise InputError naming the file."""
        ...


@dataclass(frozen=True)
class PictureReader:
    """Reads a picture as ncnn's tools do: resized, then value = (pixel - mean) * norm.

    Attributes:
        shape: (w, h, c) of the input blob; the aspect ratio is not kept.
        mean: one number for each channel in the blob's order, in pixel levels; empty for none.
        norm: one factor for each channel; empty for none.
        pixel: order of the blob's channels: "BGR", "RGB" or "GRAY".

    Raises:
        InputError: a setting contradicts another.
    """

    shape: tuple[int, int, int]
    mean: tuple[float, ...] = ()
    norm: tuple[float, ...] = ()
    pixel: str = "BGR"

    def __post_init__(self) -> None:
        if self.pixel not in CHANNELS:
            raise InputError(f"pixel is {self.pixel!r}", advice="Use BGR, RGB or GRAY.")
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise InputError(f"shape is {self.shape}", advice="Give w, h, c, each at least 1.")
        channels = CHANNELS[self.pixel]
        if self.shape[2] != channels:
            raise InputError(
                f"the shape has {self.shape[2]} channels, {self.pixel} pictures have {channels}",
                advice="Change the shape's third number, or pixel.",
            )
        if prod(self.shape) > MOST_VALUES:
            raise InputError(
                f"the shape {self.shape} is too large: at most {MOST_VALUES} values",
                advice="Give the width and height that the network was made for.",
            )
        for name, values in (("mean", self.mean), ("norm", self.norm)):
            if len(values) not in (0, channels) or not np.isfinite(values).all():
                raise InputError(f"{name} is {values}", advice=f"Give {channels} numbers, or none.")

    def read(self, path: Path) -> Array:
        """Decode one picture and bring it to the blob's shape, float32 (c, h, w)."""
        width, height, _ = self.shape
        return pixels_to_blob(decode(path), (width, height), self.pixel, self.mean, self.norm)


@dataclass(frozen=True)
class TensorReader:
    """Reads a .npy file as it is; integers become float32."""

    def read(self, path: Path) -> Array:
        """Load one array, float32, finite."""
        try:
            with _ONE_AT_A_TIME:
                array = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(f"not a readable .npy file ({error})", where=str(path)) from error
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
            raise InputError("not an array of numbers", where=str(path))
        if not 1 <= array.ndim <= 4 or array.size == 0:
            raise InputError(
                f"an array of shape {array.shape} cannot be a blob",
                where=str(path),
                advice="Save one array of shape (C, H, W) for each input.",
            )
        if not np.isfinite(array).all():
            raise InputError("the array has NaN or infinity", where=str(path))
        return array.astype(np.float32)


def decode(path: Path) -> NDArray[np.uint8]:
    """Decode a picture to uint8 (height, width, 3), red first, turned as its EXIF says.

    16-bit pictures keep their high byte; an alpha channel is dropped, not blended (as in ncnn's
    tool, which reads through OpenCV).

    Raises:
        InputError: the file cannot be read as a whole picture.
    """
    try:
        with Image.open(path) as picture:
            ImageOps.exif_transpose(picture, in_place=True)
            if picture.mode == "RGB":
                return np.asarray(picture)
            deep = picture.mode.startswith("I") or picture.mode == "F"
            return np.asarray((_high_byte(picture) if deep else picture).convert("RGB"))
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise InputError(
            f"not a readable picture ({error})",
            where=str(path),
            advice="Mend or remove the file, or choose to skip unreadable ones.",
        ) from error


def _high_byte(picture: Image.Image) -> Image.Image:
    levels = np.asarray(picture).astype(np.int64) >> 8
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))

"""The data: scikit-learn's handwritten digits, enlarged, darkened, some with a spot of glare."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

SIDE = 32  # pixels; the digits come as 8 x 8
WHITE = (
    104  # grey level of full ink: the digits are underexposed, so that glare has room above them
)
GLARE_RATE = 0.02  # of the images, in each of the three sets
CALIBRATION_COUNT, HELDOUT_COUNT = 150, 360

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Part:
    """One of the three sets.

    `pixels` is uint8 (N, 32, 32) and `labels` int64 (N,); `index` says which of scikit-learn's
    digits each is, and `glare` which of them bear a spot.
    """

    index: NDArray[np.int64]
    pixels: Pixels
    labels: NDArray[np.int64]
    glare: NDArray[np.bool_]

    def names(self, chosen: NDArray[np.bool_] | None = None) -> list[str]:
        """The file names: the index in four digits."""
        return [f"{i:04d}.png" for i in (self.index if chosen is None else self.index[chosen])]


def draw_glare(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Put one round spot of saturated white (radius 2 to 3.5 pixels, soft edge) on a copy."""
    centre_x, centre_y = rng.uniform(2, SIDE - 3, 2)
    y, x = np.mgrid[:SIDE, :SIDE]
    distance = np.hypot(x - centre_x, y - centre_y)
    spot = np.clip(rng.uniform(2, 3.5) + 0.5 - distance, 0, 1)
    spotted: Pixels = np.maximum(pixels, np.rint(255 * spot).astype(np.uint8))
    return spotted


def enlarge(digit: NDArray[np.float64]) -> Pixels:
    """One 8 x 8 digit of 0..16 as 32 x 32 grey levels 0..104 (bilinear)."""
    levels = np.rint(digit * (WHITE / 16)).astype(np.uint8)
    image = Image.fromarray(levels).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.array(image, np.uint8)


def split(seed: int = 0) -> dict[str, Part]:
    """The 1797 digits in three disjoint parts: heldout, calibration, train.

    Glare is drawn into every fiftieth image of heldout and calibration; into train it is drawn
    anew in each epoch, at the same rate (see `train.augment`).
    """
    source = load_digits()
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(source.target))
    ends = (HELDOUT_COUNT, HELDOUT_COUNT + CALIBRATION_COUNT)
    parts = {}
    for name, index in zip(("heldout", "calibration", "train"), np.split(order, ends), strict=True):
        index = np.sort(index)
        pixels = np.stack([enlarge(digit) for digit in source.images[index]])
        glare = np.arange(len(index)) % round(1 / GLARE_RATE) == 0
        glare &= name != "train"
        for i in np.flatnonzero(glare):
            pixels[i] = draw_glare(pixels[i], rng)
        parts[name] = Part(index, pixels, source.target[index], glare)
    return parts


def write_images(part: Part, folder: Path) -> None:
    """Write a part as 8-bit grey PNG files, in place of those that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, pixels in zip(part.names(), part.pixels, strict=True):
        Image.fromarray(pixels).save(folder / name, optimize=True)

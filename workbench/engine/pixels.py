"""Pictures to input blobs, by ncnn's own code."""

from __future__ import annotations

from collections.abc import Sequence

import ncnn
import numpy as np
from numpy.typing import NDArray

_FROM_RGB = {"RGB": "PIXEL_RGB", "BGR": "PIXEL_RGB2BGR", "GRAY": "PIXEL_RGB2GRAY"}


def pixels_to_blob(
    rgb: NDArray[np.uint8],
    size: tuple[int, int],
    pixel: str,
    mean: Sequence[float],
    norm: Sequence[float],
) -> NDArray[np.float32]:
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
    blob: NDArray[np.float32] = np.array(mat)
    return blob

from __future__ import annotations

import numpy as np

from workbench.engine import pixels_to_blob


def test_pixels_are_reordered_and_normalised():
    rgb = np.zeros((4, 6, 3), np.uint8)
    rgb[...] = (10, 20, 30)
    blob = pixels_to_blob(rgb, (6, 4), "BGR", (1, 2, 3), (2, 2, 2))
    assert blob.shape == (3, 4, 6)
    assert [float(plane[0, 0]) for plane in blob] == [58.0, 36.0, 14.0]
    assert float(pixels_to_blob(rgb, (6, 4), "RGB", (), ())[0, 0, 0]) == 10.0
    assert pixels_to_blob(rgb, (3, 2), "GRAY", (), ()).shape == (1, 2, 3)

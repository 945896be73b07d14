from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from workbench.calibration.readers import PictureReader, TensorReader, decode
from workbench.errors import InputError

SHAPE = (8, 6, 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pixel": "YUV"}, "BGR, RGB or GRAY"),
        ({"shape": (0, 6, 3)}, "at least 1"),
        ({"shape": (8, 6)}, "w, h, c"),
        ({"pixel": "GRAY"}, "GRAY pictures have 1"),
        ({"mean": (1.0, 2.0)}, "mean"),
        ({"norm": (1.0, 2.0, float("nan"))}, "norm"),
    ],
)
def test_settings_that_contradict_each_other_are_an_error(settings, message):
    with pytest.raises(InputError, match=message):
        PictureReader(**{"shape": SHAPE} | settings)


def test_grey_palette_alpha_and_sixteen_bit_pictures_become_rgb(tmp_path):
    grey = Image.fromarray(np.full((2, 2), 7, np.uint8))
    grey.save(tmp_path / "grey.png")
    assert decode(tmp_path / "grey.png").tolist() == [[[7, 7, 7]] * 2] * 2
    rgba = Image.fromarray(np.full((2, 2, 4), (1, 2, 3, 0), np.uint8))
    rgba.save(tmp_path / "rgba.png")
    assert decode(tmp_path / "rgba.png")[0, 0].tolist() == [1, 2, 3]
    Image.fromarray(np.full((2, 2), 0x1234, np.uint16)).save(tmp_path / "deep.png")
    assert decode(tmp_path / "deep.png")[0, 0].tolist() == [0x12] * 3


def test_the_exif_orientation_is_applied(tmp_path):
    picture = Image.fromarray(np.zeros((2, 5, 3), np.uint8))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)
    assert decode(tmp_path / "turned.jpg").shape == (5, 2, 3)


@pytest.mark.parametrize("damage", ["truncated", "text", "empty"])
def test_an_unreadable_picture_is_named(pictures, damage):
    path = pictures / "0.png"
    whole = path.read_bytes()
    path.write_bytes({"truncated": whole[:-60], "text": b"no picture", "empty": b""}[damage])
    with pytest.raises(InputError, match=r"0\.png.*not a readable picture"):
        decode(path)


def test_npy_files_are_used_as_they_are(tmp_path):
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    np.save(tmp_path / "a.npy", array)
    np.save(tmp_path / "b.npy", array.astype(np.int16))
    reader = TensorReader()
    assert np.array_equal(reader.read(tmp_path / "a.npy"), array)
    assert np.array_equal(reader.read(tmp_path / "b.npy"), array)
    assert reader.read(tmp_path / "b.npy").dtype == np.float32


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array(["a"]), "numbers"),
        (np.array([None]), "not a readable"),
        (np.float32(1), "cannot be a blob"),
        (np.zeros((1, 1, 1, 1, 1)), "cannot be a blob"),
        (np.zeros((0, 2)), "cannot be a blob"),
        (np.array([np.inf]), "infinity"),
    ],
)
def test_a_tensor_that_cannot_be_an_input_is_named(tmp_path, array, message):
    np.save(tmp_path / "x.npy", array, allow_pickle=True)
    with pytest.raises(InputError, match=message):
        TensorReader().read(tmp_path / "x.npy")


def test_a_file_that_is_no_npy_is_named(tmp_path):
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY junk")
    with pytest.raises(InputError, match=r"x\.npy"):
        TensorReader().read(tmp_path / "x.npy")

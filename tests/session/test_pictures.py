from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from workbench.calibration.inputs import ImageFolder, MultiInput, TensorFolder
from workbench.session.pictures import PLANES, picture


@pytest.fixture
def photograph(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    folder = tmp_path / "photographs"
    folder.mkdir()
    Image.fromarray(pixels).save(folder / "one.png")
    return folder, pixels


@pytest.mark.parametrize("pixel", ["BGR", "RGB"])
def test_preprocessing_is_undone(photograph, pixel):
    folder, pixels = photograph
    images = ImageFolder(
        folder, shape=(9, 6, 3), mean=(104, 117, 123), norm=(0.017, 0.02, 1), pixel=pixel
    )
    shown = picture(images, 0)
    assert shown.name == "one.png"
    assert np.array_equal(shown.pixels, pixels)


def test_a_grey_input_is_a_grey_picture(photograph):
    folder, _ = photograph
    images = ImageFolder(folder, shape=(9, 6, 1), norm=(1 / 255,), pixel="GRAY")
    assert picture(images, 0).pixels.shape == (6, 9)


def test_a_norm_of_zero_shows_the_mean(photograph):
    folder, _ = photograph
    images = ImageFolder(folder, shape=(9, 6, 1), mean=(50,), norm=(0,), pixel="GRAY")
    assert np.all(picture(images, 0).pixels == 50)


def test_channels_of_a_tensor_lie_side_by_side():
    tensor = np.zeros((3, 4, 5), np.float32)
    tensor[2] = 1
    shown = picture([tensor], 0)
    assert shown.name == "probe 1"
    assert shown.pixels.shape == (9, 11)
    assert shown.pixels[5:, :5].min() == 255
    assert shown.pixels[:4, :5].max() == 0


def test_of_many_channels_the_first_are_shown():
    shown = picture([np.zeros((64, 4, 4), np.float32)], 0)
    assert shown.pixels.shape == (19, 19)
    assert f"the first {PLANES} of 64 channels" in shown.about


def test_a_vector_is_no_picture():
    shown = picture([np.zeros(7, np.float32)], 0)
    assert shown.pixels is None
    assert "no picture" in shown.about


def test_of_several_inputs_the_picture_is_shown(tmp_path, photograph):
    folder, _ = photograph
    np.save(tmp_path / "vector.npy", np.zeros(4, np.float32))
    probes = MultiInput(
        {"v": TensorFolder(tmp_path / "vector.npy"), "data": ImageFolder(folder, shape=(9, 6, 3))}
    )
    assert picture(probes, 0).name == "one.png"

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from workbench.calibration.inputs import (
    FileInputs,
    ImageFolder,
    MultiInput,
    TensorFolder,
    holds_tensors,
)
from workbench.calibration.readers import PictureReader
from workbench.engine import pixels_to_blob
from workbench.errors import InputError, WorkbenchWarning

SHAPE = (8, 6, 3)


def test_a_folder_gives_its_pictures_in_order_of_their_paths(pictures):
    images = ImageFolder(pictures, shape=SHAPE)
    assert [path.name for path in images.files] == sorted(p.name for p in pictures.iterdir())
    assert len(images) == 5
    assert all(image.shape == (3, 6, 8) and image.dtype == np.float32 for image in images)


def test_other_files_in_the_folder_are_no_inputs(pictures):
    (pictures / "labels.txt").write_text("0")
    assert len(ImageFolder(pictures, shape=SHAPE)) == 5


def test_a_slice_is_again_inputs(pictures):
    images = ImageFolder(pictures, shape=SHAPE)
    assert isinstance(images[:2], FileInputs)
    assert np.array_equal(images[:2][1], images[1])


def test_a_picture_goes_through_ncnns_own_resize(pictures):
    path = pictures / "0.png"
    images = ImageFolder(path, shape=SHAPE, mean=(1, 2, 3), norm=(0.5, 0.5, 0.5), pixel="RGB")
    rgb = np.asarray(Image.open(path).convert("RGB"))
    expected = pixels_to_blob(rgb, (8, 6), "RGB", (1, 2, 3), (0.5, 0.5, 0.5))
    assert np.array_equal(images[0], expected)


def test_a_list_file_names_paths_relative_to_itself(pictures):
    listing = pictures / "list.txt"
    listing.write_text("3.webp\n\n1.bmp\n")
    names = [path.name for path in ImageFolder(listing, shape=SHAPE).files]
    assert names == ["3.webp", "1.bmp"]


def test_a_list_file_with_a_missing_path_names_the_line(pictures):
    listing = pictures / "list.txt"
    listing.write_text("3.webp\nnone.png\n")
    with pytest.raises(InputError, match=r"list\.txt:2.*none\.png"):
        ImageFolder(listing, shape=SHAPE)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00nonsense"])
def test_a_file_that_is_no_list_is_an_error(tmp_path, content):
    path = tmp_path / "list"
    path.write_bytes(content)
    with pytest.raises(InputError, match="list"):
        ImageFolder(path, shape=SHAPE)


def test_a_missing_or_empty_folder_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no such"):
        ImageFolder(tmp_path / "none", shape=SHAPE)
    with pytest.raises(InputError, match="no files"):
        ImageFolder(tmp_path, shape=SHAPE)


def test_an_unreadable_picture_may_be_left_out_with_a_warning(pictures):
    (pictures / "0.png").write_bytes(b"no picture")
    images = ImageFolder(pictures, shape=SHAPE, skip_unreadable=True)
    with pytest.warns(WorkbenchWarning, match=r"left out: .*0\.png"):
        assert not images.readable(0)
    assert images.readable(1)


def test_tensors_are_told_from_pictures(tmp_path, pictures):
    np.save(tmp_path / "a.npy", np.zeros(1))
    listing = tmp_path / "list.txt"
    listing.write_text("a.npy\n")
    assert holds_tensors(tmp_path / "a.npy")
    assert holds_tensors(listing)
    assert not holds_tensors(pictures)
    assert not holds_tensors(pictures / "0.png")
    np.save(pictures / "mean.npy", np.zeros(1))
    with pytest.raises(InputError, match=r"pictures and \.npy arrays"):
        holds_tensors(pictures)


# --- several inputs ---


def test_several_inputs_stand_side_by_side(tmp_path, pictures):
    for number in range(5):
        np.save(tmp_path / f"{number}.npy", np.full(3, number, np.float32))
    parts = {"data": ImageFolder(pictures, shape=SHAPE), "info": TensorFolder(tmp_path)}
    both = MultiInput(parts)
    assert len(both) == 5
    assert both[2]["info"].tolist() == [2, 2, 2]
    assert both[1:3][0]["info"].tolist() == [1, 1, 1]
    assert both.keep([4])[0]["info"].tolist() == [4, 4, 4]
    assert both.fingerprint != both[1:].fingerprint
    with pytest.raises(InputError, match="data: 5, info: 2"):
        MultiInput(parts | {"info": TensorFolder(tmp_path)[:2]})


def test_the_fingerprint_knows_files_and_settings(pictures):
    images = ImageFolder(pictures, shape=SHAPE)
    assert images.fingerprint == ImageFolder(pictures, shape=list(SHAPE)).fingerprint
    assert images.fingerprint != images[:4].fingerprint
    assert images.fingerprint != ImageFolder(pictures, shape=SHAPE, pixel="RGB").fingerprint


def test_a_shape_beyond_any_memory_is_refused():
    with pytest.raises(InputError, match=r"100000.* too large"):
        PictureReader((100000, 100000, 3))


def test_a_missing_file_of_a_list_may_be_left_out(tmp_path, pictures):
    listing = tmp_path / "list.txt"
    listing.write_text("pictures/0.png\nnone.png\n")
    with pytest.raises(InputError, match=r"list\.txt:2"):
        ImageFolder(listing, shape=SHAPE)
    images = ImageFolder(listing, shape=SHAPE, skip_unreadable=True)
    with pytest.warns(WorkbenchWarning, match=r"left out: .*none\.png"):
        assert not images.readable(1)

from __future__ import annotations

import shutil

import pytest

from workbench.calibration.labelled import Labelled, class_names, read_labelled
from workbench.calibration.readers import PictureReader
from workbench.errors import FormatError, InputError

READER = PictureReader((8, 8, 3))


@pytest.fixture
def sorted_into(pictures):
    """A maker of a folder with one subfolder for each name, a picture or two in each."""

    def make(*names):
        for number, file in enumerate(sorted(pictures.iterdir())):
            folder = pictures / names[number % len(names)]
            folder.mkdir(exist_ok=True)
            shutil.move(file, folder)
        return pictures

    return make


def test_a_subfolder_is_a_class_by_its_number(sorted_into):
    found = read_labelled(sorted_into("7", "3"), READER)
    assert found.labels == (3, 3, 7, 7, 7)
    assert [file.parent.name for file in found.inputs.files] == ["3", "3", "7", "7", "7"]
    assert found.order == ()


def test_a_subfolder_is_a_class_by_its_name(sorted_into):
    found = read_labelled(sorted_into("dog", "cat"), READER, ("ant", "dog", "cat"))
    assert found.labels == (2, 2, 1, 1, 1)
    assert found.order == ()


def test_subfolders_of_unknown_names_are_classes_in_order(sorted_into):
    found = read_labelled(sorted_into("dog", "cat"), READER, ("ant", "dog"))
    assert found.labels == (0, 0, 1, 1, 1)
    assert found.order == ("cat", "dog")


def test_a_file_of_labels_is_found_in_the_folder_or_given(pictures):
    names = sorted(file.name for file in pictures.iterdir())
    labels = pictures / "labels.txt"
    labels.write_text("".join(f"{name} {number}\n" for number, name in enumerate(names)))
    for place in (pictures, labels):
        assert read_labelled(place, READER).labels == (0, 1, 2, 3, 4)


def test_a_picture_without_a_class_is_named(pictures):
    with pytest.raises(InputError, match="has no label"):
        read_labelled(pictures, READER)


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        read_labelled(tmp_path / "nothing", READER)


def test_as_many_labels_as_inputs_are_needed(arrays):
    with pytest.raises(InputError, match="6 inputs and 1 labels"):
        Labelled(arrays, (1,))


def test_names_of_classes_come_from_a_list_or_a_file(tmp_path):
    file = tmp_path / "names.txt"
    file.write_text("tench\n goldfish\n")
    assert class_names(file) == class_names(("tench", "goldfish")) == ("tench", "goldfish")
    with pytest.raises(FormatError, match="names of the classes"):
        class_names(tmp_path / "none.txt")

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.calibration.labels import read_labels
from workbench.errors import FormatError, InputError

FILES = (Path("a/two.png"), Path("b/one image.png"))


def test_labels_come_in_the_order_of_the_files(tmp_path):
    (tmp_path / "l.txt").write_text("one image.png 1\n\nother.png 9\ntwo.png 2\n")
    assert read_labels(tmp_path / "l.txt", FILES) == [2, 1]


@pytest.mark.parametrize(
    "line", ["two.png", "two.png x", "two.png -1", "5", "two.png 2\ntwo.png 3"]
)
def test_a_line_that_is_no_label_is_named(tmp_path, line):
    (tmp_path / "l.txt").write_text(f"one image.png 1\n{line}\n")
    with pytest.raises(FormatError, match=r"l\.txt:[23]: "):
        read_labels(tmp_path / "l.txt", FILES)


def test_a_file_without_a_label_is_named(tmp_path):
    (tmp_path / "l.txt").write_text("two.png 2\n")
    with pytest.raises(InputError, match=r"no label for 'one image\.png'"):
        read_labels(tmp_path / "l.txt", FILES)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(FormatError, match="none"):
        read_labels(tmp_path / "none", FILES)

from __future__ import annotations

import zipfile
import zlib

import pytest

from workbench.errors import FormatError
from workbench.files import reading, replacing


def test_the_file_appears_only_when_the_block_succeeds(tmp_path):
    target = tmp_path / "out.txt"
    target.write_text("old")
    with pytest.raises(IsADirectoryError), replacing(target) as temporary:
        (temporary.write_text("half"), tmp_path.read_text())
    assert target.read_text() == "old"
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("raised", [OSError, KeyError, ValueError, zlib.error, zipfile.BadZipFile])
def test_whatever_a_damaged_file_makes_its_readers_raise_names_the_file(raised):
    with (
        pytest.raises(FormatError, match=r"x\.npz: not a picture \(.*why.*\)\. Draw another\."),
        reading("x.npz", "a picture", "Draw another."),
    ):
        raise raised("why")

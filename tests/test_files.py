from __future__ import annotations

import os
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from workbench.errors import FormatError, WorkbenchError
from workbench.files import reading, replacing, write_text


def test_the_file_appears_only_when_the_block_succeeds(tmp_path):
    target = tmp_path / "out.txt"
    target.write_text("old")
    with (
        pytest.raises(WorkbenchError, match=r"out\.txt: the file cannot be written"),
        replacing(target) as temporary,
    ):
        (temporary.write_text("half"), tmp_path.read_text())
    assert target.read_text() == "old"
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_is_followed_and_a_folder_refused(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    with pytest.raises(WorkbenchError, match="it is a folder"):
        write_text(tmp_path, "new")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes in folders")
def test_what_is_no_file_is_written_as_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE)
    write_text(tmp_path / "pipe", "said")
    assert reader.communicate()[0] == b"said"
    assert (tmp_path / "pipe").is_fifo()
    write_text(os.devnull, "gone")
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("raised", [OSError, KeyError, ValueError, zlib.error, zipfile.BadZipFile])
def test_whatever_a_damaged_file_makes_its_readers_raise_names_the_file(raised):
    with (
        pytest.raises(FormatError, match=r"x\.npz: not a picture \(.*why.*\)\. Draw another\."),
        reading("x.npz", "a picture", "Draw another."),
    ):
        raise raised("why")

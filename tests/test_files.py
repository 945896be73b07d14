from __future__ import annotations

import pytest

from workbench.files import replacing


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

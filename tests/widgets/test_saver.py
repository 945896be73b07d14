from __future__ import annotations

import pytest

from workbench.export.table import load_table
from workbench.widgets import TableSaver


def test_the_table_is_written_where_the_user_says(model, session, tmp_path):
    session.keep_float("dw")
    view = TableSaver(session, tmp_path / "new" / "folder" / "m.table")
    view.save.click()
    view.drain()
    plan = load_table(tmp_path / "new" / "folder" / "m.table", model)
    assert [d.layer for d in plan if d.keep_float] == ["dw"]
    assert plan["fc"].scale == pytest.approx(session.plan["fc"].scale, abs=1e-6)
    assert "m.table" in view.notice.value
    assert "3 layers in int8, 1 kept in float" in view.notice.value


@pytest.mark.parametrize(
    ("path", "said"),
    [("", "no path"), (".", "a folder"), ("file/m.table", "could not be written")],
)
def test_what_cannot_be_written_is_said_in_words(session, tmp_path, monkeypatch, path, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    view = TableSaver(session, path)
    view.save.click()
    view.drain()
    assert said in view.notice.value
    assert "wb-wrong" in view.notice.value


def test_a_change_after_writing_is_said(session, tmp_path):
    view = TableSaver(session, tmp_path / "m.table")
    session.set_threshold("dw", 2.0)
    view.drain()
    assert view.notice.value == ""
    view.save.click()
    view.drain()
    session.set_threshold("dw", 3.0)
    view.drain()
    assert "has changed" in view.notice.value

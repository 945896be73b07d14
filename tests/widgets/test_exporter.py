from __future__ import annotations

import threading

import pytest

from tests.widgets.synthetic import synthetic_statistics
from workbench.export.products import PRODUCTS, Product
from workbench.export.table import load_table
from workbench.model import load_model
from workbench.session import Session
from workbench.widgets.exporter import ExportView


@pytest.fixture
def session(model, arrays):
    return Session(model, synthetic_statistics(model), probes=arrays[:2])


@pytest.fixture
def view(session, tmp_path):
    return ExportView(session, tmp_path / "new" / "out", "tiny")


def test_the_table_is_written_where_the_user_says(model, session, view, tmp_path):
    session.keep_float("dw")
    view.makers["table"].click()
    view.drain()
    path = tmp_path / "new" / "out" / "tiny.table"
    assert [d.layer for d in load_table(path, model) if d.keep_float] == ["dw"]
    assert f"{path} ({path.stat().st_size} bytes)" in view.results.value


def test_all_writes_each_product_and_says_so(view, tmp_path):
    view.all.click()
    view.drain()
    out = tmp_path / "new" / "out"
    assert {path.name for path in out.iterdir()} == {
        *("tiny.table", "tiny-int8.param", "tiny-int8.bin", "tiny-integer", "tiny-report.html")
    }
    load_model(out / "tiny-int8.param", out / "tiny-int8.bin")
    inside = out / "tiny-integer"
    assert {"plan.json", "net.c", "golden"} < {path.name for path in inside.iterdir()}
    assert (inside / "golden" / "0001" / "input.bin").exists()
    for product in PRODUCTS.values():
        assert f"<b>{product.label}</b>" in view.results.value
    assert "wb-wrong" not in view.results.value
    assert view.running.layout.display == "none"


def test_the_report_is_offered_to_the_browser(view, tmp_path):
    view.makers["report"].click()
    view.drain()
    written = (tmp_path / "new" / "out" / "tiny-report.html").read_text(encoding="utf-8")
    assert (view.link.html, view.link.name) == (written, "tiny-report.html")


def test_a_change_after_writing_is_said_until_it_is_written_again(session, view):
    view.makers["table"].click()
    view.drain()
    session.set_threshold("dw", 3.0)
    view.drain()
    assert "has changed since" in view.results.value
    view.makers["table"].click()
    view.drain()
    assert "has changed since" not in view.results.value


@pytest.mark.parametrize(
    ("folder", "stem", "said"),
    [
        ("", "m", "there is no folder"),
        ("file", "m", "cannot be made"),
        ("file/in", "m", "cannot be made"),
        ("out", "", "no name of a file"),
        ("out", "a/b", "no name of a file"),
        ("out", "..", "no name of a file"),
        ("out", "a\0b", "no name of a file"),
        ("out\0", "m", "no folder"),
        ("out", "taken", "taken.table: the file cannot be written (it is a folder)"),
        ("out", "n" * 300, "cannot be written (File name too long)"),
    ],
)
def test_what_cannot_be_written_is_said_in_words(view, tmp_path, monkeypatch, folder, stem, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "out" / "taken.table").mkdir(parents=True)
    view.folder.value, view.stem.value = folder, stem
    view.makers["table"].click()
    view.drain()
    assert said in view.results.value
    assert "wb-wrong" in view.results.value


def test_a_full_disk_is_said_in_words(view, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "tiny.table")

    monkeypatch.setattr("workbench.export.products.save_table", full)
    view.makers["table"].click()
    view.drain()
    assert "tiny.table: this could not be written (No space left" in view.results.value


def test_what_cannot_be_made_does_not_keep_the_rest_from_being_made(model, tmp_path):
    view = ExportView(Session(model, synthetic_statistics(model)), tmp_path, "tiny")
    view.all.click()
    view.drain()
    assert "no probe images" in view.results.value
    assert (tmp_path / "tiny.table").exists()
    assert view.results.value.count("wb-wrong") == 1


def test_remarks_are_said_below_the_product(view, monkeypatch):
    def warned(order):
        order.tell("layer <x> is odd")
        return ()

    changed = {**PRODUCTS, "table": Product("Table", "", warned)}
    monkeypatch.setattr("workbench.export.products.PRODUCTS", changed)
    view.makers["table"].click()
    view.drain()
    assert "layer &lt;x&gt; is odd" in view.results.value


def test_writing_is_stopped_between_two_inputs(view, monkeypatch, tmp_path):
    begun, go = threading.Event(), threading.Event()
    progress = view._progress

    def waiting(done, whole):
        progress(done, whole)
        if (done, whole) == (0, 2):
            begun.set()
            assert go.wait(20)

    monkeypatch.setattr(view, "_progress", waiting)
    view.makers["report"].click()
    assert begun.wait(20)
    assert view.running.layout.display is None
    assert all(each.disabled for each in (view.all, view.folder, *view.makers.values()))
    view.stop.click()
    go.set()
    view.drain()
    assert "Stopped" in view.notice.value
    assert not (tmp_path / "new" / "out" / "tiny-report.html").exists()
    assert not view.all.disabled


def test_the_name_is_that_of_the_networks_own_file_at_first(session, tmp_path):
    assert ExportView(session, tmp_path).stem.value == "network"


def test_every_control_has_a_name_and_a_tooltip(view):
    for control in (*view.makers.values(), view.all, view.stop, view.folder, view.stem):
        assert control.description
        assert control.tooltip

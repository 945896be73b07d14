from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from ipywidgets.widgets.widget import _instances

from workbench.numerics.thresholds import METHODS
from workbench.widgets import Workbench
from workbench.widgets.assets import script, style
from workbench.widgets.controls import sheet
from workbench.widgets.look import LOOKS

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "workbench.ipynb"


def test_every_part_shows_the_same_layer(session):
    page = Workbench(session)
    search = page.layer.part("Search")
    page.errors.chart.set_state({"chosen": "fc"})
    page.drain()
    assert page.chooser.layer.value == "fc"
    assert page.histogram.plot.key == search.plot.key == "fc"
    assert page.threshold.number.value in page.numbers.table.value


def test_a_drag_reaches_every_part(session):
    page = Workbench(session)
    plot = page.layer.part("Search").plot
    hand = {"key": "conv1", "threshold": 0.25, "gesture": "drag", "seen": plot.moves}
    plot.set_state({"threshold": 0.25, "hand": hand})
    page.drain()
    assert page.threshold.number.value == "0.25"
    assert "by hand" in page.numbers.table.value
    assert not page.history.undo.disabled


def test_two_pages_of_one_session_agree(session):
    one, two = Workbench(session), Workbench(session)
    hand = {"key": "conv1", "threshold": 0.25, "gesture": "drag", "seen": one.histogram.plot.moves}
    one.histogram.plot.set_state({"threshold": 0.25, "hand": hand})
    one.drain()
    assert two.histogram.plot.threshold == 0.25


def test_a_closed_page_leaves_the_session_alone(session):
    page = Workbench(session)
    page.close()
    session.set_method("minmax")
    page.drain()
    assert page.histogram.plot.threshold == session.search("conv1", "kl").threshold


def test_no_part_complains_when_all_is_well(session):
    page = Workbench(session)
    parts = [tabs.part(title) for tabs in (page.layer, page.network) for title in tabs.titles]
    for method in METHODS:
        session.set_method(method)
        page.drain()
    for part in (page.chooser, page.histogram, page.numbers, page.errors, *parts):
        assert "wb-wrong" not in part.notice.value


def test_every_colour_is_in_the_style_sheet():
    known = set(re.findall(r"--wb-(\w+):", style()))
    assert {look.colour for look in LOOKS.values()} <= known
    used = set(re.findall(r'colour\("(\w+)"\)', script("painter.js")))
    assert {"ink", "grid"} <= used <= known


def test_the_workbench_is_imported_without_the_widgets():
    code = "import workbench, workbench.session, sys; print('ipywidgets' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_the_notebook_is_stored_clean():
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    cells = notebook["cells"]
    assert all(cell.get("outputs", []) == [] for cell in cells)
    assert all(cell.get("execution_count") is None for cell in cells)
    assert "widgets" not in notebook["metadata"]
    assert len({cell["id"] for cell in cells}) == len(cells)


def test_the_notebooks_first_code_is_the_users_choices():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    first = next(cell for cell in cells if cell["cell_type"] == "code")
    assert first["metadata"]["tags"] == ["parameters"]
    for name in ("PARAM", "BIN", "INPUTS", "SETTINGS"):
        assert name in "".join(first["source"])


def test_a_closed_page_leaves_no_widget_behind(session):
    sheet()  # which stays, for all parts of all pages
    before = set(_instances)
    page = Workbench(session)
    for tabs in (page.layer, page.network):
        for title in tabs.titles:
            tabs.part(title)
    page.drain()
    page.close()
    assert [_instances[key] for key in set(_instances) - before] == []

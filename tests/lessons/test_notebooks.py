"""What every saved lesson must be, so that it reads well where no kernel runs."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
LESSONS = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
TAUGHT = [path for path in LESSONS if not path.name.startswith("00_")]
WIDGET = "application/vnd.jupyter.widget-view+json"
PLOTLY = "application/vnd.plotly.v1+json"

lessons = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
taught = pytest.mark.parametrize("path", TAUGHT, ids=lambda path: path.stem)


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def code(path):
    cells = [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]
    return [("".join(cell["source"]), cell) for cell in cells]


def prose(path):
    return [
        "".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "markdown"
    ]


def outputs(path):
    return [output for _, cell in code(path) for output in cell["outputs"]]


def bundles(path):
    return [output["data"] for output in outputs(path) if "data" in output]


@lessons
def test_a_lesson_is_small(path):
    assert path.stat().st_size <= 400_000


@lessons
def test_a_lesson_is_stored_clean(path):
    notebook = read(path)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    cells = notebook["cells"]
    assert all(set(cell["metadata"]) <= {"tags", "jupyter"} for cell in cells)
    counts = [cell["execution_count"] for _, cell in code(path)]
    assert counts == list(range(1, len(counts) + 1))  # nbval wants them
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert not any(WIDGET in bundle for bundle in bundles(path))


@lessons
def test_a_lesson_ran_without_an_error(path):
    assert not any(o["output_type"] == "error" for o in outputs(path))
    assert not any(o.get("name") == "stderr" for o in outputs(path))


@taught
def test_every_picture_has_a_still_one_beside_it(path):
    stills = [bundle for bundle in bundles(path) if {"image/png", "image/svg+xml"} & set(bundle)]
    assert len(stills) >= 2
    assert all("image/png" in bundle for bundle in bundles(path) if PLOTLY in bundle)


@lessons
def test_a_still_picture_fits_on_the_page(path):
    for bundle in bundles(path):
        if "image/png" in bundle:
            picture = Image.open(BytesIO(b64decode(bundle["image/png"])))
            assert picture.width <= 760  # plotly shows it at its own size


@taught
def test_the_code_that_knows_an_answer_is_folded(path):
    hidden = {"jupyter": {"source_hidden": True}}
    for source, cell in code(path):
        assert cell["metadata"] == (hidden if ".reveal(" in source else {}), source


@lessons
def test_no_saved_picture_offers_to_upload_its_data(path):
    drawn = [bundle[PLOTLY] for bundle in bundles(path) if PLOTLY in bundle]
    assert all(picture["config"]["showSendToCloud"] is False for picture in drawn)


@lessons
def test_code_cells_are_short(path):
    for source, _ in code(path):
        assert len(source.splitlines()) <= 15, source


@taught
def test_most_code_cells_say_what_to_look_for(path):
    told = [s for s, _ in code(path) if "predict(" not in s and ".reveal(" not in s]
    assert sum(s.startswith("#") for s in told) >= 0.8 * len(told)


@taught
def test_a_lesson_has_a_question_predictions_a_summary_and_exercises(path):
    text, source = "\n".join(prose(path)), "\n".join(s for s, _ in code(path))
    assert "**The question:" in text
    assert "## What you saw" in text
    assert "## Exercises" in text
    assert 3 <= source.count("\ncheck(") <= 5
    assert source.count("predict(") >= 1
    assert source.count(".reveal(") == source.count(" = predict(")


@taught
def test_an_exercise_does_not_hold_its_answer(path):
    for source, cell in code(path):
        if "\ncheck(" in source:
            shown = "".join("".join(o["data"]["text/html"]) for o in cell["outputs"])
            assert "Not yet" in shown, source


@lessons
def test_every_link_between_notebooks_leads_somewhere(path):
    links = re.findall(r"\]\(([^)#]+\.ipynb)\)", "\n".join(prose(path)))
    assert links
    assert [link for link in links if not (FOLDER / link).exists()] == []


@pytest.mark.parametrize(("before", "after"), [*pairwise(LESSONS)], ids=lambda path: path.stem)
def test_a_lesson_leads_to_the_next(before, after):
    assert f"]({after.name})" in prose(before)[0] + prose(before)[-1]
    assert f"]({before.name})" in prose(after)[0]

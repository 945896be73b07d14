"""A lesson in a real browser: its pictures, and a prediction."""

from __future__ import annotations

import nbformat
import pytest

from tests.browser.lab import hosts_of, in_kernel, open_notebook, set_theme
from tests.browser.parts import wait

CELLS = (
    "from workbench.lessons import Picture, film, predict\n"
    "Picture('One', 'x', 'y').line([0, 1], [1, 0], 'a').mark(0.5, 'here')",
    "film({str(k): Picture('Film').line([0, 1], [0, k]) for k in range(1, 4)}, 'slope: ')",
    "guess = predict('Which?', ['first', 'second'])\nguess",
    "guess.reveal('second', 'It is so.')",
)


@pytest.fixture(scope="module")
def lesson(browser, lab):
    """A page with a small lesson that has run, and the hosts that it asked for anything."""
    address, folder = lab
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "lesson.ipynb")
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    hosts = hosts_of(page)
    open_notebook(page, address, "lesson.ipynb")
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    yield page, hosts
    page.close()


def colour_of(page, selector):
    return page.locator(selector).first.evaluate("e => getComputedStyle(e).fill")


def test_pictures_are_drawn_without_another_machine(lesson):
    page, hosts = lesson
    assert page.locator(".js-plotly-plot").count() == 2
    assert page.locator(".annotation-text", has_text="here").is_visible()
    assert hosts - {""} == {"127.0.0.1"}


def test_no_picture_has_a_button_that_uploads_it(lesson):
    page, _ = lesson
    page.locator(".js-plotly-plot").first.hover()
    buttons = page.locator(".modebar-btn")
    titles = buttons.evaluate_all("all => all.map(e => e.getAttribute('data-title') ?? '')")
    assert any("PNG" in title or "png" in title for title in titles), titles
    assert not any("hare" in title for title in titles), titles
    assert page.locator("[data-attr=sendChartToCloud]").count() == 0


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_a_picture_has_the_themes_background(lesson, theme):
    page, _ = lesson
    set_theme(page, theme)
    assert colour_of(page, ".js-plotly-plot .bg").endswith(", 0)")
    assert colour_of(page, ".js-plotly-plot .gtitle") == "rgb(122, 122, 122)"


def test_a_film_plays(lesson):
    page, _ = lesson
    picture = page.locator(".js-plotly-plot").nth(1)
    slope = "e => e._fullData[0].y[1]"
    assert picture.evaluate(slope) == 1
    picture.get_by_text("Play").click()
    wait(lambda: picture.evaluate(slope) == 3)
    assert "slope: 3" in picture.text_content()


def test_an_answer_waits_for_the_prediction(lesson):
    page, _ = lesson
    assert page.get_by_text("the answer waits").is_visible()
    assert page.locator(".widget-html", has_text="It is so.").count() == 0
    page.get_by_role("button", name="first").click()
    page.get_by_text("You said first; it is second. It is so.").wait_for()
    assert in_kernel(page, "guess.choice") == "first"

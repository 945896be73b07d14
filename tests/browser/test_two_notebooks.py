"""Two notebooks at once."""

from __future__ import annotations

import pytest

from tests.browser.lab import in_kernel, open_notebook, write_notebook
from tests.browser.parts import BEGIN, SHOW, STATE, drag, wait


@pytest.fixture
def both(browser, lab, request):
    """Two open notebooks, each with the session named in the test's parameter."""
    address, folder = lab
    pages = []
    for number, name in enumerate(request.param):
        write_notebook(folder / f"both{number}.ipynb", BEGIN.format(name=name), SHOW)
        pages.append(browser.new_page(viewport={"width": 1280, "height": 1000}))
        open_notebook(pages[-1], address, f"both{number}.ipynb")
    yield pages
    for page in pages:
        page.close()


@pytest.mark.parametrize("both", [("one", "two")], indirect=True)
def test_two_sessions_do_not_disturb_each_other(both, lab):
    one, two = both
    before = in_kernel(two, STATE)
    drag(one, one.locator(".wb-plot canvas").first, 200, 420)
    wait(lambda: in_kernel(one, "session.can_undo"))
    assert in_kernel(two, STATE) == before
    after = in_kernel(one, STATE)
    in_kernel(two, "session.set_method('minmax')")
    two.get_by_text("all layers: method minmax").wait_for()
    assert in_kernel(one, STATE) == after
    assert {path.name for path in (lab[1] / "kept").iterdir()} >= {"one.session", "two.session"}


@pytest.mark.parametrize("both", [("shared", "shared")], indirect=True)
def test_of_two_notebooks_on_one_session_the_later_one_is_told(both):
    one, two = both
    one.get_by_label("Keep this layer in float").check()
    wait(lambda: in_kernel(one, "session.plan['conv1'].keep_float"))
    two.get_by_label("Keep this layer in float").check()
    two.get_by_text("another session was saved here since").wait_for()
    wait(lambda: in_kernel(one, "wb.Session.open(session.path, model).steps == session.steps"))

"""A kernel that starts anew: the session is as it was."""

from __future__ import annotations

import pytest

from tests.browser.lab import in_kernel, open_notebook, restart, run_all, write_notebook
from tests.browser.parts import BEGIN, SHOW, STATE, drag, wait


@pytest.fixture(scope="module")
def opened(browser, lab):
    address, folder = lab
    write_notebook(folder / "restart.ipynb", BEGIN.format(name="restart"), SHOW)
    page = browser.new_page(viewport={"width": 1280, "height": 1300})
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    open_notebook(page, address, "restart.ipynb")
    yield page
    assert complaints == []
    page.close()


def shown(page):
    return float(page.locator(".wb-plot canvas").first.get_attribute("aria-valuenow"))


def test_after_a_restart_and_run_all_everything_is_as_it_was(opened):
    page = opened
    canvas = page.locator(".wb-plot canvas").first
    drag(page, canvas, 200, 420)
    wait(lambda: len(in_kernel(page, "session.log")) == 1)
    page.get_by_label("Name", exact=True).first.fill("<b>dragged</b>")
    page.get_by_role("button", name="Keep snapshot").click()
    page.get_by_text("<b>dragged</b>", exact=True).wait_for()
    in_kernel(page, "session.set_method('mse')")
    page.get_by_label("Keep this layer in float").check()
    wait(lambda: in_kernel(page, "session.plan['conv1'].keep_float"))
    in_kernel(page, "session.select('conv3')")
    drag(page, canvas, 200, 300)
    page.get_by_title("Take back the last change").click()
    wait(lambda: in_kernel(page, "[len(session.steps), session.at]") == [5, 3])
    line = in_kernel(page, "session.plan['conv3'].threshold")
    wait(lambda: shown(page) == line)
    before = in_kernel(page, STATE)
    restart(page)
    run_all(page)
    assert in_kernel(page, STATE) == before
    wait(lambda: shown(page) == line)
    steps = page.locator(".wb-step-list button")
    assert steps.count() == 5
    assert "wb-undone" in steps.first.get_attribute("class")
    page.get_by_text("<b>dragged</b>", exact=True).wait_for()
    page.get_by_title("Make the change again").click()
    wait(lambda: in_kernel(page, "session.at") == 4)


def test_a_drag_just_before_a_restart_is_not_lost(opened):
    page = opened
    drag(page, page.locator(".wb-plot canvas").first, 300, 500)
    last = shown(page)
    wait(lambda: in_kernel(page, "session.plan[session.selected].threshold") == last)
    restart(page)
    run_all(page)
    assert in_kernel(page, "session.plan[session.selected].threshold") == last


def test_a_click_or_a_key_goes_to_a_step(opened):
    page = opened
    steps = page.locator(".wb-step-list button")
    steps.last.click()
    wait(lambda: in_kernel(page, "session.at") == 0)
    wait(lambda: steps.last.get_attribute("aria-current") == "step")
    steps.last.press("ArrowUp")
    wait(lambda: in_kernel(page, "session.at") == 1)
    second = steps.nth(steps.count() - 2)
    wait(lambda: second.get_attribute("aria-current") == "step")
    second.press("Home")
    wait(lambda: in_kernel(page, "session.at == len(session.steps) - 1"))


def test_two_moments_are_compared_layer_by_layer(opened):
    page = opened
    table = page.locator("table.wb-changes")
    page.get_by_label("From", exact=True).select_option("“<b>dragged</b>”")
    wait(lambda: "MSE" in table.inner_text())
    page.get_by_label("From", exact=True).select_option("the present")
    page.get_by_text("Nothing differs.").wait_for()


def test_all_is_written_and_the_report_opens_in_a_page_of_its_own(opened, lab):
    page, (_, folder) = opened, lab
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_text("plain_cnn-report.html (").wait_for(timeout=60_000)
    names = {path.name for path in (folder / "out").iterdir()}
    assert {"plain_cnn.table", "plain_cnn-int8.bin", "plain_cnn-integer"} <= names
    with page.expect_popup() as opening:
        page.get_by_role("link", name="Open the report").click()
    report = opening.value
    report.get_by_text("float against int8").wait_for()
    report.close()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download it").click()
    assert download.value.suggested_filename == "plain_cnn-report.html"
    page.get_by_label("Keep this layer in float").click()
    page.get_by_text("The plan has changed since").first.wait_for()


@pytest.mark.parametrize("width", [700, 1280, 1920])
def test_nothing_is_cut_or_sticks_out(opened, width):
    page = opened
    page.set_viewport_size({"width": width, "height": 1300})
    page.wait_for_timeout(300)
    wrong = page.evaluate(
        """() => {
            const page = document.querySelector('.wb-page'), edge = page.getBoundingClientRect();
            return [...page.querySelectorAll('button, select, input, td, th, li, a')]
              .filter((e) => e.getClientRects().length)
              .filter((e) => e.getBoundingClientRect().right > edge.right + 1
                || (e.tagName === 'BUTTON' && e.scrollWidth > e.clientWidth + 1))
              .map((e) => `${e.tagName} ${e.textContent}`);
        }"""
    )
    assert wrong == []

"""Nothing leaves the machine."""

from __future__ import annotations

import pytest

from tests.browser.lab import hosts_of, in_kernel, open_notebook, set_theme
from tests.browser.parts import wait


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1300})
    yield page
    page.close()


def test_the_notebook_asks_no_other_machine_while_it_opens_runs_and_is_used(page, lab):
    hosts = hosts_of(page)
    open_notebook(page, lab[0], "workbench.ipynb")
    page.locator(".wb-page .wb-plot canvas").first.focus()
    page.keyboard.press("ArrowRight")
    wait(lambda: in_kernel(page, "session.can_undo"))
    for tab in page.locator(".wb-page .lm-TabBar-tab").all():
        tab.click()
    set_theme(page, "JupyterLab Dark")
    set_theme(page, "JupyterLab Light")
    page.wait_for_timeout(1000)
    assert hosts - {""} == {"127.0.0.1"}
    assert page.get_by_text("Share chart").count() == 0
    assert page.locator("[data-title*='hare chart'], [data-attr=sendChartToCloud]").count() == 0


def test_jupyterlab_offers_no_news_and_looks_for_no_update(page, lab):
    page.goto(f"{lab[0]}/lab/tree/workbench.ipynb?reset")
    page.wait_for_function("window.jupyterapp?.shell.currentWidget", timeout=60_000)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(3000)
    assert page.get_by_text("official Jupyter news").count() == 0
    assert [url for url in asked if "/lab/api/news" in url] == []
    settings = page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').text)")
    assert settings["news"] == {"disabled": True}
    assert settings["extensionManager"]["can_install"] is False

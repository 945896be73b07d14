from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import Error, sync_playwright

from tests.browser.lab import NOTEBOOKS, lab_server, launch


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        try:
            chromium = launch(playwright)
        except Error as error:
            pytest.skip(f"no Chromium here: {error.message.splitlines()[0]}")
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def lab(browser, tmp_path_factory):
    """The address of a JupyterLab server, and the folder that it serves."""
    folder = tmp_path_factory.mktemp("lab")
    with lab_server(folder) as address:
        for notebook in NOTEBOOKS.glob("*.ipynb"):
            shutil.copy(notebook, folder / "root")
        yield address, folder / "root"

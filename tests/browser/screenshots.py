"""Make the pictures of the page in docs/screenshots, in both themes. Run by `make screenshots`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.browser.lab import (  # noqa: E402
    NOTEBOOKS,
    in_kernel,
    lab_server,
    launch,
    open_notebook,
    painted,
    set_theme,
)

PICTURES = ROOT / "docs" / "screenshots"
THEMES = {"workbench": "JupyterLab Light", "workbench-dark": "JupyterLab Dark"}
# Something to see: three methods, a threshold by hand, a layer in float.
SCENE = """[
    session.set_method('mse', ['conv1']), session.set_method('percentile', ['hidden']),
    session.keep_float('conv3'), session.set_threshold('conv4', 5.2), session.select('conv4'),
    __import__('workbench.widgets').widgets.mailbox_of(session).drain(),
] and None"""


def main() -> None:
    """Open the notebook, set the scene, and take it in each theme."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        with lab_server(folder) as address:
            shutil.copy(NOTEBOOKS / "workbench.ipynb", folder / "root")
            browser = launch(playwright)
            page = browser.new_page(
                viewport={"width": 1280, "height": 1200}, device_scale_factor=1.5
            )
            open_notebook(page, address, "workbench.ipynb")
            take(page)
            browser.close()


def take(page: Page) -> None:
    """Save the page of the open notebook in each theme."""
    bench = page.locator(".wb-page")
    bench.scroll_into_view_if_needed()
    in_kernel(page, SCENE)
    for name, theme in THEMES.items():
        set_theme(page, theme)
        page.wait_for_timeout(1000)  # JupyterLab's own colours fade
        painted(page)
        bench.screenshot(path=PICTURES / f"{name}.png")
        print(PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()

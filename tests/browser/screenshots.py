"""Make the pictures of the page in docs/screenshots, in both themes. Run by `make screenshots`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

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
THEMES = {"": "JupyterLab Light", "-dark": "JupyterLab Dark"}
TABS = {
    "Search": "search",
    "Step by step": "steps",
    "Channels": "channels",
    "Network": "network",
    "Layers": "layers",
    "Output": "output",
    "History": "history",
    "Export": "export",
}
OF_A_LAYER = ("Search", "Step by step", "Channels")
# Something to see, on each network: several methods, a layer in float, a threshold by hand.
SCENES = {
    "plain_cnn": """[
        session.set_method('mse', ['conv1']), session.set_method('percentile', ['hidden']),
        session.keep_float('conv3'), session.snapshot('before conv4'), session.errors.drain(),
        session.set_threshold('conv4', 5.2), session.select('conv4'),
        session.errors.drain(),
    ] and None""",
    "shufflenet_v2": """[
        session.select(session.layers[9]), session.errors.drain(),
        session.set_threshold(session.layers[9], 0.4 * session.plan[session.layers[9]].threshold),
        session.errors.drain(),
    ] and None""",
}


def main() -> None:
    """Open the notebook on each network, set the scene, and take all parts in each theme."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    text = (NOTEBOOKS / "workbench.ipynb").read_text(encoding="utf-8")
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        with lab_server(folder) as address:
            browser = launch(playwright)
            for network in SCENES:
                changed = text.replace('sample(\\"plain_cnn\\")', f'sample(\\"{network}\\")')
                (folder / "root" / f"{network}.ipynb").write_text(changed, encoding="utf-8")
                take(browser, address, network)
            browser.close()


def take(browser: Browser, address: str, network: str) -> None:
    """Save the page, and the tabs of the plain network, in each theme."""
    page = browser.new_page(viewport={"width": 1280, "height": 2400})
    open_notebook(page, address, f"{network}.ipynb")
    in_kernel(page, SCENES[network])
    for ending, theme in THEMES.items():
        set_theme(page, theme)
        _shown(page, "Search", "Network")
        _save(page, ".wb-page", f"{network}{ending}")
        if network == "plain_cnn":
            for tab, name in TABS.items():
                _shown(page, tab)
                _save(page, f".wb-page .wb-tabs >> nth={tab not in OF_A_LAYER:d}", name + ending)
            _choose_causes(page)
            _save(page, ".wb-page .wb-card:has(.wb-errors)", f"causes{ending}")
            page.get_by_role("button", name="Accumulated").click()
    page.close()


def _shown(page: Page, *tabs: str) -> None:
    for tab in tabs:
        page.locator(".wb-page .lm-TabBar-tab", has_text=tab).first.click()
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)  # JupyterLab's own colours fade


def _choose_causes(page: Page) -> None:
    page.get_by_role("button", name="Causes").click()
    page.wait_for_timeout(1000)


def _save(page: Page, selector: str, name: str) -> None:
    painted(page)
    page.locator(selector).first.screenshot(path=PICTURES / f"{name}.png")
    print(PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()

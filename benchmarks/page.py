"""How long the page takes to answer a hand: in a real Chromium, through JupyterLab.

    python benchmarks/page.py [--drags 5] [--json FILE] [PARAM BIN INPUTS]

Drags the threshold on the histogram at 60 events a second, and reports, in milliseconds:

- event to picture: from the browser's input event until the changed line, clipped region and
  numbers beside it are painted, median and 95th percentile;
- settled: from the last event of a drag until the curve, the table of numbers and the error of
  the layer alone do not change any more;
- whole network: until every accumulated error on the probes is fresh;
- behind: whether the plan, 300 ms after the last event, is that of the last event.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.lab import (  # noqa: E402
    NOTEBOOKS,
    in_kernel,
    lab_server,
    launch,
    open_notebook,
)
from workbench.lab import notebook_for  # noqa: E402

EVENTS, PER_S = 90, 60
# From each pointer event, the time until the frame that shows it is painted. The picture's own
# frame callback was asked for earlier or in the same event, so it runs before the message below.
WATCH_EVENTS = """canvas => {
    const seen = window.workbenchSeen = { painted: [], last: 0 };
    canvas.addEventListener('pointermove', event => {
        seen.last = event.timeStamp;
        requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => seen.painted.push(performance.now() - event.timeStamp);
            port2.postMessage(0);
        });
    });
}"""
# The last moment at which something changed in a part of the page.
WATCH_CHANGES = """(element, name) => {
    window.workbenchChanged ??= {};
    const note = () => { window.workbenchChanged[name] = performance.now(); };
    new MutationObserver(note).observe(element, {
        subtree: true, childList: true, characterData: true, attributes: true,
    });
}"""
VIEW = "xpath=ancestor::*[contains(@class, 'wb-view')][1]"
WATCHED = {
    "the curve": ".wb-page .wb-plot canvas >> nth=1",
    "the numbers": f".wb-page table.wb-numbers >> nth=0 >> {VIEW}",
    "the error chart": ".wb-page .wb-errors",
}


def main() -> None:
    """Open the page on each network, drag, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", nargs="*", metavar="PARAM BIN INPUTS")
    parser.add_argument("--settings", default="{}", help="shape, mean, ... of images, as JSON")
    parser.add_argument("--drags", type=int, default=5)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rows = []
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        with lab_server(folder) as address:
            notebooks = _notebooks(folder / "root", asked.network, json.loads(asked.settings))
            browser = launch(playwright)
            for notebook in notebooks:
                page = browser.new_page(viewport={"width": 1280, "height": 1300})
                open_notebook(page, address, notebook.name)
                rows.append({"network": notebook.stem, **measure(page, asked.drags)})
                print(_line(rows[-1]), flush=True)
                page.close()
            browser.close()
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def measure(page: Page, drags: int) -> dict[str, Any]:
    """Drag to and fro, and return the medians over the drags."""
    canvas = page.locator(".wb-page .wb-plot canvas").first
    canvas.scroll_into_view_if_needed()
    canvas.evaluate(WATCH_EVENTS)
    watched = [name for name, where in WATCHED.items() if _watch(page, name, where)]
    in_kernel(page, "session.errors.drain() and None")
    found = [_drag(page, canvas, number, watched) for number in range(drags + 1)][1:]
    median = {key: float(statistics.median(row[key] for row in found)) for key in found[0]}
    return median | {"behind": sum(row["behind"] for row in found)}


def _watch(page: Page, name: str, where: str) -> bool:
    part = page.locator(where)
    if not part.count():
        return False
    part.first.evaluate(WATCH_CHANGES, name)
    return True


def _drag(page: Page, canvas: Locator, number: int, watched: list[str]) -> dict[str, Any]:
    box = canvas.bounding_box()
    assert box is not None
    y, left, right = box["y"] + box["height"] / 2, box["x"] + 120, box["x"] + box["width"] - 160
    start, end = (left, right) if number % 2 else (right, left)
    page.mouse.move(start, y)
    page.mouse.down()
    page.evaluate("window.workbenchSeen.painted.length = 0")
    began = time.perf_counter()
    for event in range(1, EVENTS + 1):
        page.mouse.move(start + (end - start) * event / EVENTS, y)
        time.sleep(max(0.0, began + event / PER_S - time.perf_counter()))
    last = time.perf_counter()
    page.wait_for_timeout(max(0.0, 300 - 1000 * (time.perf_counter() - last)))
    shown = float(canvas.get_attribute("aria-valuenow") or "nan")
    planned = in_kernel(page, "session.plan[session.selected].threshold")
    page.mouse.up()
    in_kernel(page, "session.errors.drain() and None")
    whole_ms = 1000 * (time.perf_counter() - last)
    page.wait_for_timeout(500)
    painted = sorted(page.evaluate("window.workbenchSeen.painted"))
    moment = page.evaluate("window.workbenchSeen.last")
    changed = page.evaluate("window.workbenchChanged") or {}
    return {
        "events a second": len(painted) / (last - began),
        "event to picture p50": painted[len(painted) // 2],
        "event to picture p95": painted[int(len(painted) * 0.95)],
        **{f"{name} settled": max(0.0, changed.get(name, 0.0) - moment) for name in watched},
        "whole network": whole_ms,
        "behind": shown != planned,
    }


def _notebooks(folder: Path, network: list[str], settings: dict[str, Any]) -> list[Path]:
    if network:
        names = ("PARAM", "BIN", "INPUTS")
        choices = {key: str(Path(p).resolve()) for key, p in zip(names, network, strict=True)}
        return [notebook_for(folder, Path(network[0]).stem, choices | {"SETTINGS": settings})]
    text = (NOTEBOOKS / "workbench.ipynb").read_text(encoding="utf-8")
    for name in ("plain_cnn", "mobilenet_v2", "shufflenet_v2"):
        changed = text.replace('sample(\\"plain_cnn\\")', f'sample(\\"{name}\\")')
        (folder / f"{name}.ipynb").write_text(changed, encoding="utf-8")
    return sorted(folder.glob("*.ipynb"))


def _line(row: dict[str, Any]) -> str:
    figures = ", ".join(
        f"{key} {value:.0f}" for key, value in row.items() if isinstance(value, float)
    )
    return f"{row['network']}: {figures}; behind in {row['behind']} drags"


if __name__ == "__main__":
    main()

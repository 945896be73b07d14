"""How long the page takes to answer a hand: in a real Chromium, through JupyterLab.

    python -m benchmarks.page [--drags N] [--json FILE] [PARAM BIN INPUTS --settings JSON]

Drags the threshold on the histogram at 60 events a second; medians over the drags, of

- event to picture: from the browser's input event until the changed line, clipped region and
  numbers beside it are painted, median and 95th percentile;
- settled: from the last event of a drag until the curve, the table of numbers, and the chart of
  each layer's own error do not change any more;
- the whole network: until every accumulated error on the four probes is fresh;
- behind: drags after which, 300 ms after the last event, the plan is not that of the last event.

Each is compared with its limit. Without a network, the sample networks are measured.
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

from benchmarks.frame import ROOT, Row, parser_of, present

sys.path.insert(0, str(ROOT))

from tests.browser.lab import (
    NOTEBOOKS,
    in_kernel,
    lab_server,
    launch,
    open_notebook,
)
from workbench.lab import notebook_for

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
# The moment at which the page says that all is fresh.
WATCH_FRESH = """status => {
    window.workbenchFresh = 0;
    new MutationObserver(() => {
        if (status.dataset.state === 'fresh') window.workbenchFresh = performance.now();
    }).observe(status, { attributes: true, childList: true, subtree: true });
}"""
WATCHED = {
    "curve": ".wb-plot canvas >> nth=1",
    "errors alone": ".wb-errors-row",
}
LIMITS = {  # milliseconds
    "event to picture, p95": 50.0,
    "curve settled": 300.0,
    "errors alone settled": 300.0,
    "the whole network": 1000.0,
}
LARGE_MS = 3000.0
"""Limit for the errors of a whole network that is no sample."""


def measure(options: argparse.Namespace) -> list[Row]:
    rows = []
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        with lab_server(folder) as address:
            notebooks = _notebooks(folder / "root", options)
            browser = launch(playwright)
            for notebook in notebooks:
                page = browser.new_page(viewport={"width": 1280, "height": 1300})
                open_notebook(page, address, notebook.name)
                found = drags(page, options.drags)
                rows += _rows(notebook.stem, found, bool(options.network))
                page.close()
            browser.close()
    return rows


def drags(page: Page, count: int) -> dict[str, float]:
    """Drag to and fro, and return the medians over the drags, in milliseconds."""
    bench = page.locator(".wb-page")
    canvas = bench.locator(".wb-plot canvas").first
    canvas.scroll_into_view_if_needed()
    canvas.evaluate(WATCH_EVENTS)
    for name, where in WATCHED.items():
        bench.locator(where).first.evaluate(WATCH_CHANGES, name)
    bench.locator(".wb-errors-status").evaluate(WATCH_FRESH)
    alone = [_drag(page, canvas, number, "Layer alone") for number in range(count + 1)][1:]
    whole = [_drag(page, canvas, number, "Accumulated") for number in range(count + 1)][1:]
    found = {key: statistics.median(row[key] for row in alone) for key in alone[0]}
    found["the whole network"] = statistics.median(row["fresh"] for row in whole)
    found["behind"] = sum(row["behind"] for row in [*alone, *whole])
    return found


def _drag(page: Page, canvas: Locator, number: int, shown: str) -> dict[str, float]:
    page.get_by_role("button", name=shown, exact=True).click()
    in_kernel(page, "session.errors.drain() and None")
    page.wait_for_timeout(500)
    canvas.scroll_into_view_if_needed()
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
    took = time.perf_counter() - began
    page.wait_for_timeout(300)
    planned = in_kernel(page, "session.plan[session.selected].threshold")
    behind = float(canvas.get_attribute("aria-valuenow") or "nan") != planned
    page.mouse.up()
    in_kernel(page, "session.errors.drain() and None")
    page.wait_for_timeout(500)
    painted = sorted(page.evaluate("window.workbenchSeen.painted"))
    last = page.evaluate("window.workbenchSeen.last")
    changed = page.evaluate("window.workbenchChanged")
    return {
        "between events": 1000 * took / EVENTS,
        "event to picture, p50": painted[len(painted) // 2],
        "event to picture, p95": painted[int(len(painted) * 0.95)],
        **{f"{name} settled": max(0.0, changed.get(name, 0.0) - last) for name in WATCHED},
        "fresh": page.evaluate("window.workbenchFresh") - last,
        "behind": float(behind),
    }


def _rows(network: str, found: dict[str, float], large: bool) -> list[Row]:
    limits = LIMITS | ({"the whole network": LARGE_MS} if large else {})
    between = f"{found['between events']:.0f} ms between events"
    print(f"{network}: {between}, behind after {found['behind']:.0f} drags", file=sys.stderr)
    return [
        *(
            Row(f"{network}: {k}", found[k], limit, "its limit", "ms")
            for k, limit in limits.items()
        ),
        Row(f"{network}: behind", found["behind"], 1.0, "one drag", "drags", 0.0),
    ]


def _notebooks(folder: Path, options: argparse.Namespace) -> list[Path]:
    if options.network:
        names = ("PARAM", "BIN", "INPUTS")
        choices: dict[str, Any] = {
            key: str(Path(path).resolve()) for key, path in zip(names, options.network, strict=True)
        }
        choices |= {"SETTINGS": json.loads(options.settings), "LABELLED": ""}
        return [notebook_for(folder, Path(options.network[0]).stem, choices)]
    text = (NOTEBOOKS / "workbench.ipynb").read_text(encoding="utf-8")
    for name in ("plain_cnn", "mobilenet_v2", "shufflenet_v2"):
        changed = text.replace('sample(\\"plain_cnn\\")', f'sample(\\"{name}\\")')
        (folder / f"{name}.ipynb").write_text(changed, encoding="utf-8")
    return sorted(folder.glob("*.ipynb"))


if __name__ == "__main__":
    parser = parser_of(__doc__)
    parser.add_argument("network", nargs="*", metavar="PARAM BIN INPUTS")
    parser.add_argument("--settings", default="{}", help="shape, mean, ... of images, as JSON")
    parser.add_argument("--drags", type=int, default=5)
    present(measure, parser)

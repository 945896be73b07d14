"""The picture of the network and the table of layers as a person meets them."""

from __future__ import annotations

import json

import pytest

from tests.browser.lab import in_kernel, open_notebook, painted, set_theme
from tests.browser.parts import wait

CODE = """
import ipywidgets
import workbench as wb
from workbench.samples import sample
from workbench.widgets.layers_table import LayerTable
from workbench.widgets.network import NetworkView
network = sample("shufflenet_v2")
session = wb.Session(
    model := network.load(),
    wb.collect(model, network.images()[:4], progress=False),
    probes=network.images()[:1],
)
picture, table = NetworkView(session), LayerTable(session)
ipywidgets.VBox([picture, table]).add_class("wb-view")
"""
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"


class Shown:
    def __init__(self, page):
        self.page, self.complaints = page, []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.said, self.tip = page.locator(".wb-net-said"), page.locator(".wb-net-tip")
        self.rows = page.locator(".wb-layers tbody tr")

    def layer(self, name):
        return self.page.locator(f'.wb-net-layer[aria-label^="{name}, "]')

    def focused(self):
        label = self.page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''")
        return label.split(",")[0]

    def selected(self):
        return in_kernel(self.page, "session.selected")

    def names(self):
        return self.rows.evaluate_all("rows => rows.map((row) => row.dataset.layer)")

    def start(self):
        self.page.mouse.move(0, 0)
        in_kernel(self.page, "[session.undo() for _ in range(99)] and None")
        in_kernel(self.page, "session.select('stem')")
        in_kernel(self.page, "[session.errors.drain(), picture.drain()] and None")
        wait(lambda: self.layer("stem").get_attribute("aria-selected") == "true")
        painted(self.page)


@pytest.fixture(scope="module")
def opened(browser, lab):
    address, folder = lab
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": CODE}
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook = {
        "cells": [{**cell, "outputs": [], "execution_count": None}],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / "network.ipynb").write_text(json.dumps(notebook))
    page = browser.new_page(viewport={"width": 1280, "height": 1300})
    shown = Shown(page)
    open_notebook(page, address, "network.ipynb")
    page.locator(".wb-net").scroll_into_view_if_needed()
    yield shown
    page.close()


@pytest.fixture
def shown(opened):
    opened.start()
    yield opened
    assert opened.complaints == []


def test_a_click_selects_a_layer(shown):
    shown.layer("head").click()
    wait(lambda: shown.selected() == "head")
    wait(lambda: shown.layer("head").get_attribute("aria-selected") == "true")
    assert "Convolution" in shown.said.inner_text()


def test_a_click_on_another_layer_describes_it_and_selects_nothing(shown):
    shown.layer("slice2").click()
    wait(lambda: shown.said.inner_text().startswith("slice2"))
    assert "slices automatic" in shown.said.inner_text()
    assert shown.selected() == "stem"


def test_arrow_keys_follow_the_lines_and_enter_selects(shown):
    shown.layer("stem").focus()
    shown.page.keyboard.press("ArrowDown")
    assert shown.focused() == "pool1"
    assert "The maximum or the mean of each window" in shown.tip.inner_text()
    for key in ("ArrowDown", "ArrowDown"):
        shown.page.keyboard.press(key)
    branches = {"stage2_1_left_depthwise": "ArrowRight", "stage2_1_right_expand": "ArrowLeft"}
    here = shown.focused()
    shown.page.keyboard.press(branches.pop(here))
    assert [shown.focused()] == list(branches)
    shown.page.keyboard.press("Enter")
    wait(lambda: shown.selected() == shown.focused())
    shown.page.keyboard.press("ArrowUp")
    assert shown.focused() == "split1"


def test_a_pointer_over_a_layer_tells_of_it(shown):
    shown.layer("concat1").hover()
    wait(lambda: shown.tip.is_visible())
    assert "reads stage2_1_left_project (24 × 8 × 8)" in shown.tip.inner_text()
    shown.page.mouse.move(0, 0)
    wait(lambda: not shown.tip.is_visible())


def test_the_selected_layer_is_scrolled_into_sight(shown):
    for _ in range(4):
        shown.page.get_by_title("Larger (key +)").click()
    in_kernel(shown.page, "session.select('logits')")
    box = shown.page.locator(".wb-net-scroll").bounding_box

    def inside():
        layer, all_ = shown.layer("logits").bounding_box(), box()
        return (
            all_["x"] <= layer["x"] <= all_["x"] + all_["width"] - layer["width"]
            and all_["y"] <= layer["y"] <= all_["y"] + all_["height"] - layer["height"]
        )

    wait(inside)
    shown.page.get_by_title("The whole network (key 0)").click()
    wait(inside)
    in_kernel(shown.page, "session.select('stem')")


def test_a_colour_changes_and_the_boxes_stay(shown):
    shown.layer("head").evaluate("box => { window.kept = box }")
    in_kernel(shown.page, "session.keep_float('head')")
    shown.page.get_by_label("Colour by").select_option("Arithmetic")
    wait(lambda: shown.layer("head").get_attribute("data-kind") == "kept")
    assert shown.layer("head").evaluate("box => box === window.kept")
    assert "float, kept" in shown.layer("head").text_content()
    shown.page.get_by_label("Colour by").select_option("Accumulated error")
    wait(lambda: shown.layer("head").get_attribute("data-kind").startswith("error"))


def test_no_text_leaves_its_box_and_every_kind_of_box_can_be_read(shown):
    wrong = shown.page.evaluate(
        """() => [...document.querySelectorAll('.wb-net-layer')].flatMap((layer) => {
            const box = layer.querySelector('.wb-net-box').getBoundingClientRect();
            return [...layer.querySelectorAll('text')].filter((text) => {
              const at = text.getBoundingClientRect();
              return text.textContent && (at.left < box.left || at.right > box.right);
            }).map((text) => text.textContent);
        })"""
    )
    assert wrong == []


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_text_stands_out_from_every_colour(shown, theme):
    set_theme(shown.page, theme)
    shown.page.wait_for_timeout(500)  # JupyterLab's own colours fade
    kinds = [*(f"error{n}" for n in range(7)), "dequantized", "requantized", "kept", "float"]
    ratios = shown.layer("stem").evaluate(
        """(layer, kinds) => {
            const light = (css) => {
              const [r, g, b] = css.match(/[0-9.]+/g).map(Number)
                .map((v) => v / 255)
                .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
              return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
            };
            const before = layer.dataset.kind;
            const found = kinds.map((kind) => {
              layer.dataset.kind = kind;
              const on = light(getComputedStyle(layer.querySelector('text')).fill);
              const box = light(getComputedStyle(layer.querySelector('.wb-net-box')).fill);
              return [kind, Math.max(on, box) / Math.min(on, box)];
            });
            layer.dataset.kind = before;
            return found;
        }""",
        kinds,
    )
    set_theme(shown.page, LIGHT)
    assert [pair for pair in ratios if pair[1] < 4.5] == []


def test_a_row_selects_its_layer_by_click_and_by_key(shown):
    shown.rows.nth(3).locator("td").nth(4).click()
    wait(lambda: shown.selected() == shown.names()[3])
    shown.page.locator(".wb-layers tbody tr[aria-current] th button").focus()
    shown.page.keyboard.press("ArrowDown")
    shown.page.keyboard.press("Enter")
    wait(lambda: shown.selected() == shown.names()[4])
    wait(lambda: shown.rows.nth(4).get_attribute("aria-current") == "true")
    assert shown.page.locator("tr[aria-current]").count() == 1


def test_a_header_sorts_by_click_and_by_key(shown):
    order = shown.names()
    header = shown.page.get_by_role("columnheader", name="Threshold")
    header.get_by_role("button").focus()
    shown.page.keyboard.press("Enter")
    wait(lambda: header.get_attribute("aria-sort") == "ascending")
    thresholds = [in_kernel(shown.page, f"session.plan[{n!r}].threshold") for n in shown.names()]
    assert thresholds == sorted(thresholds)
    header.get_by_role("button").click()
    wait(lambda: header.get_attribute("aria-sort") == "descending")
    shown.page.get_by_role("columnheader", name="#").get_by_role("button").click()
    wait(lambda: shown.names() == order)


def test_ticked_layers_take_a_method_together(shown):
    for name in ("stem", "head"):
        shown.page.get_by_label(f"Tick {name}", exact=True).check()
    shown.page.get_by_label("Method", exact=True).select_option("min-max")
    shown.page.get_by_role("button", name="Take for ticked").click()
    wait(
        lambda: (
            in_kernel(shown.page, "[d.layer for d in session.plan if d.method == 'minmax']")
            == ["stem", "head"]
        )
    )
    shown.page.get_by_label("Tick every layer").check()
    wait(lambda: in_kernel(shown.page, "len(table.table.ticked)") == 25)
    shown.page.get_by_label("Tick every layer").uncheck()
    wait(lambda: in_kernel(shown.page, "table.table.ticked") == [])


@pytest.mark.parametrize("width", [700, 1280, 1920])
def test_the_page_does_not_grow_beyond_its_width(shown, width):
    shown.page.set_viewport_size({"width": width, "height": 1300})
    try:
        painted(shown.page)
        room = shown.page.evaluate(
            "[...document.querySelectorAll('.wb-net, .wb-layers')]"
            ".map((e) => e.scrollWidth - e.clientWidth)"
        )
        assert room == [0, 0]
    finally:
        shown.page.set_viewport_size({"width": 1280, "height": 1300})
        painted(shown.page)

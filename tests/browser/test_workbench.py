"""The notebook's page as a person meets it: in JupyterLab, in a real browser."""

from __future__ import annotations

import time

import pytest

from tests.browser.lab import in_kernel, open_notebook, painted, set_theme
from tests.browser.parts import drag, wait
from workbench.export.table import load_table
from workbench.samples import sample

PLOTS = ".wb-plot canvas"
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"


class Workbench:
    """The open page, and short words for what is on it."""

    def __init__(self, page, folder):
        self.page, self.folder, self.complaints = page, folder, []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)
        self.whole = page.locator(".wb-page")
        self.histogram, self.curve = (self.whole.locator(PLOTS).nth(i) for i in (0, 1))
        self.slider = self.whole.locator(".wb-plot-slider").first
        self.layer = self.whole.get_by_label("Layer", exact=True)
        self.number = self.whole.get_by_label("Threshold", exact=True)
        self.numbers = self.whole.locator("table.wb-numbers").first

    def _listen(self, message):
        if message.type == "error":
            self.complaints.append(message.text)

    def button(self, name, nth=0):
        return self.whole.get_by_role("button", name=name).nth(nth)

    def tab(self, name):
        """Choose a tab, and return what it shows."""
        self.whole.locator(".lm-TabBar-tab", has_text=name).click()
        return self.whole

    def tip(self, title):
        return self.whole.get_by_title(title, exact=True).first

    def shown(self, canvas=None):
        return float((canvas or self.histogram).get_attribute("aria-valuenow"))

    def planned(self, layer="conv2"):
        return in_kernel(self.page, f"session.plan[{layer!r}].threshold")

    def figure(self, name):
        row = self.numbers.locator("tr", has=self.page.locator("th", has_text=name)).first
        return row.locator("td").inner_text()

    def start(self):
        """The layer conv2, the plan of the beginning, and nothing under the mouse."""
        self.page.mouse.move(0, 0)
        in_kernel(self.page, "[session.undo() for _ in range(99)] and None")
        in_kernel(self.page, "session.select('conv2')")
        wait(lambda: self.layer.input_value() == "2 · conv2 (Convolution)" or self._chosen())
        wait(lambda: self.shown() == self.shown(self.curve) == self.planned())
        painted(self.page)

    def _chosen(self):
        return self.layer.evaluate("e => e.selectedOptions[0].textContent").startswith("2 ·")

    def drag(self, canvas, start_x, end_x):
        drag(self.page, canvas, start_x, end_x)


def settled(canvas):
    """The picture of a canvas once it does not change any more."""
    seen = [picture(canvas)]

    def rests():
        time.sleep(0.2)
        seen.append(picture(canvas))
        return seen[-1] == seen[-2]

    wait(rests)
    return seen[-1]


@pytest.fixture(scope="module")
def opened(browser, lab):
    address, folder = lab
    page = browser.new_page(viewport={"width": 1280, "height": 1300})
    bench = Workbench(page, folder)
    open_notebook(page, address, "workbench.ipynb")
    bench.histogram.scroll_into_view_if_needed()
    yield bench
    page.close()


@pytest.fixture
def bench(opened):
    opened.start()
    yield opened
    assert opened.complaints == []


@pytest.mark.parametrize("control", ["histogram", "curve", "slider"])
def test_arrow_keys_move_the_threshold_everywhere(bench, control):
    before, scale = bench.shown(), bench.figure("Scale")
    getattr(bench, control).focus()
    for _ in range(5):
        bench.page.keyboard.press("ArrowRight")
    wait(lambda: bench.planned() > before and bench.planned() == bench.shown())
    wait(lambda: bench.shown(bench.curve) == bench.shown())
    wait(lambda: bench.figure("Scale") != scale and bench.figure("Chosen") == "by hand")
    assert in_kernel(bench.page, "len(session.log)") == 1


@pytest.mark.parametrize("control", ["histogram", "curve"])
def test_a_drag_ends_in_the_kernel_where_it_ends_on_the_screen(bench, control):
    canvas = getattr(bench, control)
    bench.drag(canvas, 200, 420)
    wait(lambda: bench.planned() == bench.shown() == bench.shown(bench.curve))
    end = in_kernel(bench.page, "max(s.threshold for s in session.searches('conv2').values())")
    width = canvas.bounding_box()["width"] - 58 - 96
    assert bench.shown() == pytest.approx((420 - 58) / width * end, rel=0.01)
    wait(lambda: float(bench.number.input_value()) == pytest.approx(bench.shown(), rel=1e-5))
    assert in_kernel(bench.page, "len(session.log)") == 1


def test_the_share_next_to_the_line_is_the_kernels(bench):
    bench.drag(bench.histogram, 100, 62)
    wait(lambda: bench.planned() == bench.shown())
    said = bench.histogram.get_attribute("aria-valuetext")
    wait(lambda: f"clipped {bench.figure('Clipped')}" in said)
    scale = in_kernel(bench.page, "session.plan['conv2'].scale")
    assert f"scale {scale:.4g}" in said


def test_a_drag_changes_the_numbers_in_place(bench):
    cell = bench.numbers.locator("td").nth(1).element_handle()
    before = cell.inner_text()
    bench.drag(bench.histogram, 200, 420)
    wait(lambda: bench.planned() == bench.shown())
    wait(lambda: cell.inner_text() == bench.number.input_value() != before)
    assert cell.evaluate("cell => cell.isConnected")


def test_the_slider_is_dragged_with_the_mouse(bench):
    bench.slider.scroll_into_view_if_needed()
    box = bench.slider.bounding_box()
    bench.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    bench.page.mouse.down()
    bench.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=10)
    bench.page.mouse.up()
    wait(lambda: bench.planned() == bench.shown())
    end = float(bench.slider.get_attribute("max"))
    assert bench.shown() == pytest.approx(end / 2, rel=0.02)


def test_a_typed_number_moves_the_line(bench):
    bench.number.fill("25.5")
    bench.number.press("Enter")
    wait(lambda: bench.planned() == bench.shown() == bench.shown(bench.curve) == 25.5)


def test_a_wrong_number_is_answered_in_words(bench):
    bench.number.fill("much")
    bench.number.press("Enter")
    bench.page.get_by_text("'much' is not a number").wait_for()


def test_a_method_is_taken_with_a_click_and_undone(bench):
    before = bench.planned()
    bench.tip("Take min-max for this layer").click()
    wait(lambda: bench.planned() == bench.shown() > before)
    assert in_kernel(bench.page, "session.plan['conv3'].method") == "kl"
    bench.tip("Take back the last change").click()
    wait(lambda: bench.planned() == bench.shown() == before)
    bench.tip("Make the change again").click()
    wait(lambda: bench.planned() == bench.shown() > before)


def test_a_method_is_taken_for_all_layers(bench):
    bench.tip("Take MSE for all layers").click()
    wait(lambda: in_kernel(bench.page, "{d.method for d in session.plan} == {'mse'}"))


def test_layers_are_chosen_by_key_and_typing_does_not_reach_the_notebook(bench):
    cells = "jupyterapp.shell.currentWidget.content.widgets.length"
    before = bench.page.evaluate(cells)
    bench.layer.focus()
    bench.page.keyboard.press("ArrowDown")
    wait(lambda: in_kernel(bench.page, "session.selected") == "conv3")
    bench.histogram.focus()
    for key in ("x", "a", "b", "d", "d"):
        bench.page.keyboard.press(key)
    bench.tip("Look at the layer before this one").focus()
    bench.page.keyboard.press("Enter")
    wait(lambda: in_kernel(bench.page, "session.selected") == "conv2")
    assert bench.page.evaluate(cells) == before


def test_a_bar_selects_its_layer(bench):
    bench.page.get_by_role("radio").nth(3).click()
    wait(lambda: in_kernel(bench.page, "session.selected") == "conv4")
    bench.page.keyboard.press("ArrowLeft")
    wait(lambda: in_kernel(bench.page, "session.selected") == "conv3")


def test_both_pictures_zoom_together(bench):
    end = float(bench.slider.get_attribute("max"))
    bench.histogram.focus()
    bench.page.keyboard.press("+")
    wait(lambda: float(bench.slider.get_attribute("max")) == pytest.approx(end / 2))
    wait(lambda: float(bench.whole.locator(".wb-plot-slider").nth(1).get_attribute("max")) < end)
    bench.page.keyboard.press("-")
    wait(lambda: float(bench.slider.get_attribute("max")) == pytest.approx(end))


def test_the_scale_of_counts_is_logarithmic_or_linear(bench):
    box = bench.whole.get_by_label("log scale").first
    box.focus()  # away from the canvas, whose focus ring belongs to the picture
    before = settled(bench.histogram)
    box.uncheck()
    wait(lambda: picture(bench.histogram) != before)
    box.check()
    wait(lambda: picture(bench.histogram) == before)


def test_the_whole_networks_errors_follow_a_drag_and_show_what_was_before(bench):
    bench.drag(bench.histogram, 200, 300)
    status = bench.whole.locator(".wb-errors-status")
    wait(lambda: "Fresh" in status.inner_text())
    wait(lambda: bench.whole.locator(".wb-errors-said").inner_text().count(" dB") == 2)


@pytest.mark.parametrize(
    ("tab", "part"),
    [
        ("Step by step", ".wb-steps"),
        ("Channels", ".wb-channels"),
        ("Network", ".wb-net"),
        ("Layers", ".wb-layers"),
        ("Output", ".wb-output-cards"),
        ("History", ".wb-step-list"),
    ],
)
def test_each_tab_shows_its_part(bench, tab, part):
    shown = bench.tab(tab)
    shown.locator(part).first.wait_for()
    assert shown.locator(".wb-tabs .wb-notice .wb-wrong").count() == 0
    bench.tab("Search")


def test_the_table_is_written_and_read_back(bench):
    bench.whole.get_by_label("Keep this layer in float").check()
    wait(lambda: in_kernel(bench.page, "session.plan['conv2'].keep_float"))
    export = bench.tab("Export")
    export.get_by_label("Folder", exact=True).fill("written")
    export.get_by_label("Name", exact=True).filter(visible=True).fill("by hand")
    bench.button("Table").click()
    table = bench.folder / "written" / "by hand.table"
    wait(table.exists)
    plan = load_table(table, sample("plain_cnn").load())
    assert [decision.layer for decision in plan if decision.keep_float] == ["conv2"]
    scale = in_kernel(bench.page, "session.plan['conv3'].scale")
    assert plan["conv3"].scale == pytest.approx(scale, rel=1e-5)


def test_both_themes_are_painted_in_their_own_colours(bench):
    set_theme(bench.page, LIGHT)  # JupyterLab remembers the theme of other tests
    wait(lambda: "#8fa9bf" in colours(bench.histogram))
    light = colours(bench.histogram)
    set_theme(bench.page, DARK)
    try:
        wait(lambda: not colours(bench.histogram) & {"#8fa9bf", "#212121"})
        dark = colours(bench.histogram)
    finally:
        set_theme(bench.page, LIGHT)
    assert "#8fa9bf" in light
    assert "#5f7c95" in dark
    wait(lambda: "#8fa9bf" in colours(bench.histogram))


@pytest.mark.parametrize("width", [700, 1280, 1920])
def test_nothing_is_cut_or_sticks_out(bench, width):
    bench.page.set_viewport_size({"width": width, "height": 1300})
    try:
        painted(bench.page)
        sticking_out = bench.page.evaluate(
            """() => {
                const page = document.querySelector('.wb-page');
                const edge = page.getBoundingClientRect();
                return [...page.querySelectorAll('button, select, input, canvas, td, th, b')]
                  .filter((e) => e.getClientRects().length)
                  .filter((e) => e.getBoundingClientRect().right > edge.right + 1
                    || (e.tagName === 'BUTTON' && e.scrollWidth > e.clientWidth + 1))
                  .map((e) => `${e.tagName} ${e.textContent}`);
            }"""
        )
        assert sticking_out == []
    finally:
        bench.page.set_viewport_size({"width": 1280, "height": 1300})
        painted(bench.page)


def test_every_control_has_a_name_and_a_tooltip(bench):
    tabs = bench.whole.locator(".lm-TabBar-tab")
    assert tabs.count() == 8
    for tab in tabs.all():
        tab.click()
    bare = bench.page.evaluate(
        """() => {
            const named = (e) => e.ariaLabel || (e.textContent.trim() && e.tagName === 'BUTTON')
              || [...e.labels ?? []].some((label) => label.textContent.trim());
            const told = (e) => e.closest('.wb-page [title]:not([title=""])')
              || [...e.labels ?? []].some((label) => label.querySelector('[title]'));
            return [...document.querySelectorAll('.wb-page :is(button, input, select, canvas)')]
              .filter((e) => !e.ariaHidden && !(named(e) && told(e)))
              .map((e) => e.outerHTML.slice(0, 200));
        }"""
    )
    bench.tab("Search")
    assert bare == []


def test_a_finger_drags_the_line_too(bench):
    bench.histogram.scroll_into_view_if_needed()
    box = bench.histogram.bounding_box()
    middle = box["y"] + box["height"] / 2
    fingers = bench.page.context.new_cdp_session(bench.page)

    def touch(kind, *x):
        points = [{"x": box["x"] + place, "y": middle} for place in x]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 200)
    for step in range(1, 21):
        touch("touchMove", 200 + 10 * step)
    touch("touchEnd")
    end = float(bench.slider.get_attribute("max"))
    wait(lambda: bench.planned() == bench.shown())
    width = box["width"] - 58 - 96
    assert bench.shown() == pytest.approx((400 - 58) / width * end, rel=0.01)
    assert in_kernel(bench.page, "len(session.log)") == 1


def test_a_second_page_may_come_and_go(bench):
    in_kernel(
        bench.page,
        "exec('from workbench.widgets import Workbench as W\\nw = W(session)\\nw.close()')",
    )
    bench.tip("Take min-max for this layer").click()
    wait(lambda: bench.planned() == bench.shown())


def picture(canvas):
    return canvas.evaluate("c => c.toDataURL()")


def colours(canvas):
    """The colours that fill more than a hundred pixels of a canvas."""
    return set(
        canvas.evaluate(
            """c => {
                const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
                const counts = new Map();
                for (let i = 0; i < data.length; i += 4) {
                  if (data[i + 3] !== 255) continue;
                  const hex = '#' + [0, 1, 2]
                    .map((k) => data[i + k].toString(16).padStart(2, '0')).join('');
                  counts.set(hex, (counts.get(hex) ?? 0) + 1);
                }
                return [...counts].filter((pair) => pair[1] > 100).map((pair) => pair[0]);
            }"""
        )
    )

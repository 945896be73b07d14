"""The page as an application, without notebooks and code."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from tests.browser.lab import hosts_of
from tests.browser.parts import drag, wait
from workbench.samples import sample
from workbench.session import Session

pytest.importorskip("voila", reason="the application needs Voila: the extra `app`")
RUN = "from workbench.cli import main; main()"


@pytest.fixture(scope="module")
def app(browser, tmp_path_factory):
    """The address of the application, and the folder in which it keeps the session."""
    folder = tmp_path_factory.mktemp("app")
    command = [sys.executable, "-c", RUN, "lab", "--app", "--no-browser", "--folder", "mine"]
    own = {f"JUPYTER_{name}": str(folder / name) for name in ("CONFIG_DIR", "RUNTIME_DIR")}
    own |= {"IPYTHONDIR": str(folder / "ipython")}
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env=os.environ | own, stdout=log, stderr=log)
        try:
            yield address_in(folder / "log", server), folder / "mine"
        finally:
            server.terminate()
            server.wait(timeout=20)


def address_in(log, server):
    """The address that the command prints, once the server answers there."""
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        time.sleep(0.2)
        for word in log.read_text().split():
            address = urlsplit(word)
            if address.scheme == "http" and answers(address):
                return word
    raise RuntimeError(log.read_text())


def answers(address):
    try:
        socket.create_connection((address.hostname, address.port), 1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1100})
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda said: said.type == "error" and page.complaints.append(said.text))
    yield page
    page.close()


def shown(page):
    return float(page.locator(".wb-plot canvas").first.get_attribute("aria-valuenow"))


def test_a_drag_moves_the_number_and_is_kept_and_nothing_leaves_the_machine(app, page):
    address, folder = app
    hosts = hosts_of(page)
    page.goto(address)
    canvas = page.locator(".wb-plot canvas").first
    canvas.wait_for(timeout=120_000)
    number = page.get_by_label("Threshold", exact=True)
    before = number.input_value()
    drag(page, canvas, 200, 420)
    wait(lambda: number.input_value() != before)
    wait(lambda: float(number.input_value()) == pytest.approx(shown(page), rel=1e-5))
    line = shown(page)
    model = sample("plain_cnn").load()
    place = folder / "plain_cnn.session"
    wait(lambda: Session.open(place, model).plan["conv1"].threshold == line)
    with page.expect_request("**/voila/api/shutdown/*"):
        page.reload()
    canvas.wait_for(timeout=120_000)
    assert shown(page) == line
    assert hosts - {""} == {"localhost"}
    assert page.complaints == []
    assert page.locator(".jp-InputArea:visible, .jp-OutputPrompt:visible").count() == 0


def test_whoever_does_not_know_the_token_sees_nothing(app, page):
    address = urlsplit(app[0])
    page.goto(f"{address.scheme}://{address.netloc}/")
    page.get_by_text("token").first.wait_for()
    assert page.locator(".wb-plot").count() == 0

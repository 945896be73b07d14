"""A private JupyterLab server and a real Chromium, for the tests of the page and its pictures."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import nbformat
from playwright.sync_api import Browser, Page, Playwright

from workbench.lab import environment
from workbench.server import OPTIONS

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Without this, outputs outside the window are not in the page.
SETTINGS = {"@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"}}
KERNEL = "jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel"
CELLS = "jupyterapp.shell.currentWidget.content.widgets.filter(c => c.model.type === 'code')"


def chromium() -> str | None:
    """The path of an installed Chromium, or None: Playwright's own may still be there."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def launch(playwright: Playwright) -> Browser:
    """Start a Chromium without a window."""
    return playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))


@contextmanager
def lab_server(folder: Path) -> Iterator[str]:
    """Serve a folder by a JupyterLab that shares nothing with the user's; give its address."""
    root = folder / "root"
    root.mkdir()
    own = environment() | _own_folders(folder)
    port = _free_port()
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
        *(f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="),
        *("--ServerApp.password=", "--ServerApp.disable_check_xsrf=True", *OPTIONS),
        *(f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True"),
    ]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=own, stdout=log, stderr=log, cwd=root)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def open_notebook(page: Page, address: str, name: str) -> None:
    """Open a notebook and run all its cells; raise AssertionError if one of them fails."""
    page.goto(f"{address}/doc/tree/{name}?reset")
    page.wait_for_function(f"window.jupyterapp && {KERNEL}?.status === 'idle'", timeout=60_000)
    run_all(page)


def restart(page: Page) -> None:
    """Give the open notebook a new kernel, and take the outputs of the old one away."""
    page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    page.wait_for_function(f"{KERNEL}?.status === 'idle'", timeout=60_000)


def run_all(page: Page) -> None:
    """Run all cells of the open notebook; raise AssertionError if one of them fails."""
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(
        f"{CELLS}.every(c => c.model.executionCount > 0) && {KERNEL}.status === 'idle'",
        timeout=60_000,
    )
    wrong = page.locator(
        "[data-mime-type='application/vnd.jupyter.error'],"
        "[data-mime-type='application/vnd.jupyter.stderr']"
    )
    assert wrong.count() == 0, wrong.all_inner_texts()


def write_notebook(path: Path, *sources: str) -> None:
    """Write a notebook with a cell for each source."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in sources])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, path)


def hosts_of(page: Page) -> set[str]:
    """The hosts that a page asks for something from now on; the set grows."""
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname or ""))
    page.on("websocket", lambda socket: hosts.add(urlsplit(socket.url).hostname or ""))
    return hosts


def in_kernel(page: Page, expression: str) -> Any:
    """The value of a Python expression in the open notebook's kernel, through JSON."""
    code = f"import json as _json; print(_json.dumps({expression}))"
    answer = page.evaluate(
        f"""async (code) => {{
            const future = {KERNEL}.requestExecute({{ code, store_history: false }});
            let said = '';
            future.onIOPub = (m) => {{ said += m.content.text ?? m.content.evalue ?? ''; }};
            await future.done;
            return said;
        }}""",
        code,
    )
    return json.loads(answer)


def set_theme(page: Page, name: str) -> None:
    """Change JupyterLab's theme: "JupyterLab Dark" or "JupyterLab Light"."""
    page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: '{name}'}})")
    page.wait_for_function(f"document.body.dataset.jpThemeName === '{name}'")
    painted(page)


def painted(page: Page) -> None:
    """Wait until what was asked for is on the screen: two frames."""
    page.evaluate("new Promise(f => requestAnimationFrame(() => requestAnimationFrame(f)))")


def _own_folders(folder: Path) -> dict[str, str]:
    names = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    folders = {f"JUPYTER_{name}": folder / name.lower() for name in names}
    folders["JUPYTERLAB_SETTINGS_DIR"] = folder / "settings"
    folders["JUPYTERLAB_WORKSPACES_DIR"] = folder / "workspaces"
    folders["IPYTHONDIR"] = folder / "ipython"
    for path in folders.values():
        path.mkdir()
    for name, content in SETTINGS.items():
        _write(folder / "settings" / name, content)
    return {name: str(path) for name, path in folders.items()}


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, server: subprocess.Popen[bytes], limit_s: float = 60.0) -> None:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with status {server.returncode}")
        try:
            with urlopen(address):
                return
        except URLError:
            time.sleep(0.2)
    raise TimeoutError(f"no answer from {address} after {limit_s} s")

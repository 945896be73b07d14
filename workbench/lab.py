"""`workbench lab`: the notebooks in JupyterLab, or the page alone as an application."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import sleep
from typing import Any
from urllib.parse import quote

from workbench.errors import WorkbenchError
from workbench.samples import bundled

START = "00_map.ipynb"
"""What opens when no network is named: the way through the lessons and to the page."""
PAGE = "workbench.ipynb"
APP = """\
import os

from workbench import Session, load_model
from workbench.cli.options import open_inputs
from workbench.widgets import Workbench

os.chdir({folder!r})
model = load_model({param!r}, {bin!r})
probes = open_inputs(model, {inputs!r}, {settings!r})[:{probes}]
Workbench(Session.open({session!r}, model, probes))
"""
JUPYTER = Path(__file__).resolve().parent / "jupyter"
"""Where Voila finds our template, and JupyterLab that it shall not ask whether to fetch news, nor
fetch another icon for the browser's tab whenever the kernel is busy: in a drag that is often."""
SOON_S = 60


def copy_notebooks(folder: Path) -> list[Path]:
    """Copy the notebooks that come with the package; files that exist already stay as they are.

    Returns:
        What was copied.
    """
    folder.mkdir(parents=True, exist_ok=True)
    new = [
        p for p in sorted(bundled("notebooks").glob("*.ipynb")) if not (folder / p.name).exists()
    ]
    return [Path(shutil.copyfile(path, folder / path.name)) for path in new]


def notebook_for(folder: Path, name: str, choices: Mapping[str, Any]) -> Path:
    """Make a workbench notebook for a user's own network.

    Args:
        folder: where to put it.
        name: stem of the file; a number is added if there is such a file.
        choices: values for the cell tagged `parameters`, by variable name.
    """
    notebook = json.loads((bundled("notebooks") / PAGE).read_text(encoding="utf-8"))
    cell = next(c for c in notebook["cells"] if "parameters" in c["metadata"].get("tags", []))
    cell["source"] = "".join(f"{key} = {value!r}\n" for key, value in choices.items()).strip()
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        path = folder / (f"{name}.ipynb" if number == 1 else f"{name}-{number}.ipynb")
        if not path.exists():
            path.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")
            return path
        number += 1


def environment() -> dict[str, str]:
    """The environment of our servers, in which they also look for settings in `JUPYTER`.

    OpenBLAS stays on one thread unless the user says otherwise: our matrices are small, and when
    another process is busy two threads wait for each other many times as long as they work.
    """
    names = ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH")
    given = {name: filter(None, [str(JUPYTER), os.environ.get(name)]) for name in names}
    found = {name: os.pathsep.join(folders) for name, folders in given.items()}
    return {"OPENBLAS_NUM_THREADS": "1"} | os.environ | found


def open_lab(notebook: Path, port: int = 8888, browser: bool = True) -> int:
    """Run JupyterLab on a notebook until it is stopped; return its exit status."""
    from workbench.server import OPTIONS

    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        *OPTIONS,
        f"--LabApp.default_url=/lab/tree/{quote(notebook.name)}",
        f"--ServerApp.root_dir={notebook.parent.resolve()}",
        f"--ServerApp.port={port}",
    ]
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container there is often no one else
    return _run(command, notebook.parent)


def require_voila() -> None:
    """Raise WorkbenchError if Voila, which `open_app` runs, is not installed."""
    if find_spec("voila") is None:
        raise WorkbenchError(
            "the application needs Voila, which is not installed",
            advice="Install it: pip install 'int8-workbench[app]'.",
        )


def open_app(choices: Mapping[str, Any], port: int = 8888, browser: bool = True) -> int:
    """Run the page as an application, by Voila, until it is stopped; return its exit status.

    Args:
        choices: what `APP` has in braces.
        port: of the server; the next one that is free is taken.
        browser: whether to open a browser too.

    Raises:
        WorkbenchError: no port is free.
    """
    port, token = _free_port(port), secrets.token_urlsafe(24)
    address = f"http://localhost:{port}/?token={token}"
    print(f"The workbench is at {address}\nStop it with Ctrl+C.", flush=True)
    if browser:
        Thread(target=_open_soon, args=(port, address), daemon=True).start()
    with TemporaryDirectory() as name:
        _write_app(Path(name), choices, port, token)
        return _run([sys.executable, "-m", "voila", "app.ipynb"], Path(name))


def _run(command: list[str], folder: Path) -> int:
    """Run a server until it ends, by Ctrl+C (which it hears itself) or with us."""
    server = subprocess.Popen(command, cwd=folder, env=environment())
    heard = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: server.terminate()),
    }
    try:
        return server.wait()
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler)


def _write_app(folder: Path, choices: Mapping[str, Any], port: int, token: str) -> None:
    """Write the notebook of the page, and the settings of the server, which hold its token."""
    from workbench.server import CLASS, POLICY

    cell: dict[str, Any] = {"cell_type": "code", "id": "page", "metadata": {}, "outputs": []}
    cell |= {"execution_count": None, "source": APP.format(**choices)}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "title": f"int8 workbench: {Path(choices['param']).stem}"}
    notebook = {"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    server = {
        "token": token,
        "port": port,
        "port_retries": 0,
        "open_browser": False,
        "log_level": "WARN",
        "kernel_websocket_connection_class": CLASS,
        "tornado_settings": {
            "headers": {"Content-Security-Policy": POLICY},
            "disable_check_xsrf": True,  # a page that closes could not end its kernel
        },
    }
    page = {"template": "workbench", "show_tracebacks": True}
    settings = {"Voila": server, "VoilaConfiguration": page}
    for file, content in (("app.ipynb", notebook), ("voila.json", settings)):
        (folder / file).write_text(json.dumps(content), encoding="utf-8")


def _free_port(first: int) -> int:
    for port in range(first, min(first + 50, 65536)):
        with socket.socket() as probe:
            try:
                probe.bind(("localhost", port))
            except OSError:
                continue
            return port
    raise WorkbenchError(f"no port from {first} on is free", advice="Give another by --port.")


def _open_soon(port: int, address: str) -> None:
    """Open the browser when the server answers."""
    for _ in range(SOON_S * 5):
        try:
            socket.create_connection(("localhost", port), 1).close()
        except OSError:
            sleep(0.2)
        else:
            webbrowser.open(address)
            return

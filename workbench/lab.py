"""`workbench lab`: the notebooks, copied to a folder of the user's and opened in JupyterLab."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workbench.samples import bundled

START = "workbench.ipynb"


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
        name: stem of the file; a number is added if there is such a file with other choices.
        choices: values for the cell tagged `parameters`, by variable name.
    """
    notebook = json.loads((bundled("notebooks") / START).read_text(encoding="utf-8"))
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


def open_lab(notebook: Path, port: int = 8888, browser: bool = True) -> int:
    """Run JupyterLab on a notebook until it is stopped; return its exit status."""
    from workbench.server import OPTION

    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        OPTION,
        f"--LabApp.default_url=/lab/tree/{quote(notebook.name)}",
        f"--ServerApp.root_dir={notebook.parent.resolve()}",
        f"--ServerApp.port={port}",
    ]
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container there is often no one else
    return subprocess.call(command, cwd=notebook.parent)

"""Run lessons and save them with outputs that read well where no kernel runs.

    python tools/lessons.py [NOTEBOOK ...]     all numbered notebooks, if none is named

Every picture gets a still one (PNG) beside it. What changes from run to run, and what a page
without a kernel cannot show, is left out: widgets, times, metadata.
"""

from __future__ import annotations

import argparse
import base64
import io
import sys
import time
from pathlib import Path
from typing import Any

import kaleido
import nbformat
import plotly.graph_objects as go
import plotly.io as pio
from nbclient import NotebookClient
from PIL import Image

from workbench.lessons.picture import MIME as PLOTLY
from workbench.lessons.still import MIME as STILL

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
WIDTH = 760
"""Pixels of a still picture, which JupyterLab shows at that size until it is pointed at."""
LONGEST = 400_000


def main() -> None:
    """Run and save the notebooks that were named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path)
    paths = parser.parse_args().notebooks or sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    kaleido.start_sync_server(silence_warnings=True)
    try:
        for path in paths:
            start = time.monotonic()
            size = save(path, executed(path))
            print(f"{path.name}: {size / 1000:.0f} kB in {time.monotonic() - start:.1f} s")
            if size > LONGEST:
                sys.exit(f"{path.name} is larger than {LONGEST / 1000:.0f} kB: draw fewer points")
    finally:
        kaleido.stop_sync_server()


def executed(path: Path) -> Any:
    """Run a notebook from top to bottom in its own folder."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = nbformat.from_dict(METADATA)
    folder = {"metadata": {"path": str(path.parent.resolve())}}
    client = NotebookClient(notebook, timeout=120, store_widget_state=False, resources=folder)
    return client.execute()


def save(path: Path, notebook: Any) -> int:
    """Write a notebook that has run, cleaned; return its size in bytes."""
    for cell in notebook.cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if k == "tags"}
        if ".reveal(" in cell.source:  # its code would tell the answer before it is run
            cell.metadata["jupyter"] = {"source_hidden": True}
    coded = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(coded, 1):
        cell.execution_count = number
        cell.outputs = [clean for output in cell.outputs if (clean := _cleaned(output, number))]
    notebook.metadata = nbformat.from_dict(METADATA)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return path.stat().st_size


def _cleaned(output: Any, number: int) -> Any:
    """The output without what only lives with a kernel; None if nothing is left of it."""
    if "execution_count" in output:
        output["execution_count"] = number
    data = output.get("data")
    if data is None:
        return output
    output["metadata"] = {}
    if drawn := data.get(PLOTLY) or data.get(STILL):
        data["image/png"] = _png(drawn)
    data.pop(STILL, None)
    if data.pop(WIDGET, None):
        data.pop("text/plain", None)
    return output if data else None


def _png(drawn: dict[str, Any]) -> str:
    """A still picture of plotly's JSON, in 256 colours: base64."""
    figure = go.Figure({key: drawn[key] for key in ("data", "layout")})
    raw = pio.to_image(figure, "png", width=WIDTH, height=drawn["layout"]["height"])
    shrunk = io.BytesIO()
    Image.open(io.BytesIO(raw)).quantize(256, Image.Quantize.FASTOCTREE).save(
        shrunk, "PNG", optimize=True
    )
    return base64.b64encode(shrunk.getvalue()).decode()


if __name__ == "__main__":
    main()

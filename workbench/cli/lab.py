"""`workbench lab`: the notebooks in JupyterLab."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from workbench.calibration.inputs import FileInputs
from workbench.calibration.readers import PictureReader
from workbench.cli.options import FILE, input_options, open_inputs
from workbench.lab import START, copy_notebooks, notebook_for, open_lab
from workbench.model import load_model


@click.command()
@click.argument("param", type=FILE, required=False)
@click.argument("weights", metavar="[BIN]", type=FILE, required=False)
@click.argument("inputs", required=False)
@input_options
@click.option(
    "--folder",
    type=FILE,
    default=Path("workbench-notebooks"),
    show_default=True,
    help="Where the notebooks are copied to; what is there already is never overwritten.",
)
@click.option("--port", type=int, default=8888, show_default=True, help="Port of the server.")
@click.option("--no-browser", is_flag=True, help="Print the address instead of opening it.")
def lab(
    param: Path | None,
    weights: Path | None,
    inputs: str | None,
    folder: Path,
    port: int,
    no_browser: bool,
    **settings: Any,
) -> None:
    """Open the notebooks in JupyterLab, on the sample networks or on your own network.

    With PARAM BIN INPUTS the workbench notebook is made for that network.
    """
    if param and not (weights and inputs):
        raise click.UsageError("Give PARAM, BIN and INPUTS, or none of them.")
    copied = copy_notebooks(folder)
    click.echo(f"{len(copied)} notebooks copied to {folder}" if copied else f"notebooks: {folder}")
    notebook = folder / START
    if param and weights and inputs:
        notebook = _own_notebook(folder, param, weights, inputs, settings)
    sys.exit(open_lab(notebook, port, not no_browser))


def _own_notebook(
    folder: Path, param: Path, weights: Path, inputs: str, settings: dict[str, Any]
) -> Path:
    """Make the notebook for a user's network, once its files are known to be good."""
    if settings.pop("limit") or settings.pop("skip_unreadable"):
        raise click.UsageError("--limit and --skip-unreadable are choices of the notebook here.")
    model = load_model(param, weights)
    found = open_inputs(model, inputs, settings)
    reader = found.reader if isinstance(found, FileInputs) else None
    return notebook_for(
        folder,
        param.stem,
        {
            "PARAM": str(param.resolve()),
            "BIN": str(weights.resolve()),
            "INPUTS": str(Path(inputs).resolve()),
            "SETTINGS": vars(reader) if isinstance(reader, PictureReader) else {},
        },
    )

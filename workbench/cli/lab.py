"""`workbench lab`: the notebooks in JupyterLab, or the page as an application."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from workbench.calibration.collect import collect
from workbench.calibration.inputs import FileInputs
from workbench.calibration.readers import PictureReader
from workbench.cli.options import FILE, input_options, open_inputs
from workbench.lab import START, copy_notebooks, notebook_for, open_app, open_lab, require_voila
from workbench.model import load_model
from workbench.samples import sample
from workbench.session import Session

PROBES = 4


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
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8888,
    show_default=True,
    help="Port of the server.",
)
@click.option(
    "--app",
    is_flag=True,
    help="Only the page, without notebooks and code (needs Voila: the extra `app`).",
)
@click.option("--no-browser", is_flag=True, help="Print the address instead of opening it.")
def lab(
    param: Path | None,
    weights: Path | None,
    inputs: str | None,
    folder: Path,
    port: int,
    app: bool,
    no_browser: bool,
    **settings: Any,
) -> None:
    """Open the notebooks in JupyterLab, on the sample networks or on your own network.

    With PARAM BIN INPUTS the workbench notebook is made for that network. With --app the page of
    that network opens alone; what is decided on it is kept in FOLDER, in a file NAME.session.
    """
    if param and not (weights and inputs):
        raise click.UsageError("Give PARAM, BIN and INPUTS, or none of them.")
    if app:
        require_voila()
        files = (param, weights, inputs) if param and weights and inputs else None
        sys.exit(open_app(_app_choices(folder, files, settings), port, not no_browser))
    notebook = folder / START
    if param and weights and inputs:
        notebook = _own_notebook(folder, param, weights, inputs, settings)
    copied = copy_notebooks(folder)
    click.echo(f"{len(copied)} notebooks copied to {folder}" if copied else f"notebooks: {folder}")
    sys.exit(open_lab(notebook, port, not no_browser))


def _app_choices(
    folder: Path, files: tuple[Path, Path, str] | None, settings: dict[str, Any]
) -> dict[str, Any]:
    """Count what has not been counted before, so that what fails fails here and in words."""
    given = sample("plain_cnn")
    param, weights, inputs = files or (given.param, given.bin, str(given.calibration))
    if files is None:
        settings |= given.input
    model, limit = load_model(param, weights), settings.pop("limit")
    found = open_inputs(model, inputs, settings)
    place = folder / f"{param.stem}.session"
    Session.resume(place, model, lambda: collect(model, found[:limit]), probes=found[:PROBES])
    here = {"folder": folder, "param": param, "bin": weights, "session": place}
    paths = {name: str(path.resolve()) for name, path in here.items()}
    return paths | {"inputs": _absolute(inputs), "settings": settings, "probes": PROBES}


def _absolute(inputs: str) -> str:
    """The same inputs, named so that they are found from any folder."""
    if "=" not in inputs or Path(inputs).exists():
        return str(Path(inputs).resolve())
    pairs = (part.partition("=")[::2] for part in inputs.split(","))
    return ",".join(f"{blob}={Path(path).resolve()}" for blob, path in pairs)


def _own_notebook(
    folder: Path, param: Path, weights: Path, inputs: str, settings: dict[str, Any]
) -> Path:
    """Make the notebook for a user's network, once its files are known to be good."""
    if settings.pop("limit") or settings["skip_unreadable"]:
        raise click.UsageError("--limit and --skip-unreadable are choices of the notebook here.")
    model = load_model(param, weights)
    found = open_inputs(model, inputs, settings)
    if not isinstance(found, FileInputs):
        raise click.UsageError("The notebook is for one input. For several there is --app.")
    reader = found.reader
    return notebook_for(
        folder,
        param.stem,
        {
            "PARAM": str(param.resolve()),
            "BIN": str(weights.resolve()),
            "INPUTS": str(Path(inputs).resolve()),
            "SETTINGS": vars(reader) if isinstance(reader, PictureReader) else {},
            "LABELLED": "",
        },
    )

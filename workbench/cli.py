"""The `workbench` command. It only reads arguments, calls the package, and prints."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from workbench.calibration.collect import Interrupted, collect
from workbench.calibration.inputs import (
    FileInputs,
    ImageFolder,
    MultiInput,
    PictureReader,
    TensorFolder,
    holds_tensors,
)
from workbench.calibration.plan import calibrate as make_plan
from workbench.calibration.statistics import Statistics, load_statistics, save_statistics
from workbench.errors import InputError, WorkbenchError, WorkbenchWarning
from workbench.export.table import save_table
from workbench.inspection import describe
from workbench.lab import START, copy_notebooks, notebook_for, open_lab
from workbench.model import Model, load_model
from workbench.numerics.thresholds import METHODS
from workbench.ops import values

FILE = click.Path(path_type=Path)


class Numbers(click.ParamType[Any]):
    """Numbers separated by commas, as `104,117,123`."""

    name = "a,b,c"

    def __init__(self, kind: Callable[[str], float]) -> None:
        self.kind = kind

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float, ...]:
        """Split at the commas; a value that is a tuple already is a default."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(self.kind(part) for part in value.strip("[]").split(","))
        except ValueError:
            self.fail(f"{value!r} is not a list of numbers such as 104,117,123", param, ctx)


def input_options(command: Any) -> Any:
    """Add the options that say how inputs are read."""
    options = (
        click.option(
            "--shape",
            type=Numbers(int),
            metavar="W,H,C",
            help="Size of the input blob. Default: what the network's Input layer says.",
        ),
        click.option("--mean", type=Numbers(float), default=(), help="Subtracted from pixels."),
        click.option("--norm", type=Numbers(float), default=(), help="Multiplied afterwards."),
        click.option(
            "--pixel",
            type=click.Choice(["BGR", "RGB", "GRAY"], case_sensitive=False),
            help="Channel order that the network wants. Default: BGR, GRAY for one channel.",
        ),
        click.option("--limit", type=click.IntRange(1), help="Use only the first N inputs."),
        click.option(
            "--skip-unreadable",
            is_flag=True,
            help="Leave out files that cannot be read, with a warning, instead of stopping.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="int8-workbench", prog_name="workbench")
def workbench() -> None:
    """Calibrate a neural network to int8 for ncnn.

    A network is run in float on a few hundred images; for each layer a threshold is chosen
    above which values are clipped; the resulting scales go into a calibration table, from
    which ncnn makes an int8 network.

    Start with `workbench lab`, which opens the notebooks.
    """


@workbench.command()
@click.argument("param", type=FILE)
@click.argument("weights", metavar="BIN", type=FILE)
@click.argument("inputs", required=False)
@click.option("--table", "table", type=FILE, required=True, help="Output.")
@click.option(
    "--method",
    type=click.Choice(list(METHODS)),
    default="kl",
    show_default=True,
    help="How thresholds are searched.",
)
@click.option(
    "--weight-bits",
    type=click.Choice(["ncnn", "proven"]),
    default="ncnn",
    show_default=True,
    help="ncnn: 6 bits for every 3x3 stride-1 convolution; proven: 8 where overflow is ruled out.",
)
@input_options
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
@click.option("--save-stats", type=FILE, help="Keep the histograms here.")
@click.option(
    "--stats",
    "stats_file",
    type=FILE,
    help="Use histograms kept by --save-stats instead of INPUTS: another method in a moment.",
)
def calibrate(
    param: Path,
    weights: Path,
    inputs: str | None,
    table: Path,
    method: str,
    weight_bits: str,
    threads: int,
    save_stats: Path | None,
    stats_file: Path | None,
    **settings: Any,
) -> None:
    """Write a calibration table for the network PARAM BIN.

    INPUTS is a folder of images, a text file with one path a line, or a folder of .npy files
    (one float32 array C,H,W each). For a network with several inputs:
    BLOB=INPUTS,BLOB=INPUTS.

    \b
    Example:
      workbench calibrate m.param m.bin images/ --table m.table
          --shape 224,224,3 --mean 104,117,123 --norm 0.017,0.017,0.017 --pixel BGR
    """
    if (inputs is None) == (stats_file is None):
        raise click.UsageError("Give either INPUTS or --stats.")
    model = load_model(param, weights)
    stats = (
        load_statistics(stats_file) if stats_file else _collect(model, inputs, threads, settings)
    )
    if save_stats:
        save_statistics(stats, save_stats)
    plan = make_plan(model, stats, method=method, weight_bits=weight_bits)
    save_table(plan, table)
    width = max(len(decision.layer) for decision in plan)
    for decision in plan:
        click.echo(
            f"{decision.layer:{width}}  absmax {stats[decision.layer].absmax:<12.6g} "
            f"threshold {decision.threshold:<12.6g} scale {decision.scale:.6g}"
        )
    click.echo(f"{len(plan.layers)} layers, {stats.images} images, {method} -> {table}")


def _collect(model: Model, inputs: str | None, threads: int, settings: Any) -> Statistics:
    limit = settings.pop("limit")
    items = open_inputs(model, str(inputs), settings)
    return collect(model, items[:limit], threads=threads, progress=sys.stderr.isatty())


def open_inputs(model: Model, inputs: str, settings: dict[str, Any]) -> FileInputs | MultiInput:
    """Find out what INPUTS names: one folder or list, or BLOB=PATH for each of several inputs."""
    if "=" not in inputs or Path(inputs).exists():
        return _open_files(model, model.graph.inputs[0], Path(inputs), settings)
    pairs = [part.partition("=")[::2] for part in inputs.split(",")]
    return MultiInput(
        {blob: _open_files(model, blob, Path(path), settings) for blob, path in pairs}
    )


def _open_files(model: Model, blob: str, path: Path, settings: dict[str, Any]) -> FileInputs:
    if holds_tensors(path):
        return TensorFolder(path, skip_unreadable=settings["skip_unreadable"])
    shape = settings["shape"] or _declared_shape(model, blob)
    pixel = settings["pixel"] or ("GRAY" if shape[2:] == (1,) else "BGR")
    return ImageFolder(path, **settings | {"shape": shape, "pixel": pixel})


def _declared_shape(model: Model, blob: str) -> tuple[int, int, int]:
    if blob not in model.graph.inputs:
        names = ", ".join(model.graph.inputs)
        raise InputError(f"the network has no input blob {blob!r}", advice=f"It has: {names}.")
    given = values(model.graph.producers[blob])
    shape = (int(given["w"]), int(given["h"]), int(given["c"]))
    if min(shape) < 1:
        raise InputError(
            "the network's Input layer does not say its size",
            where=f"input blob {blob}",
            advice="Give --shape W,H,C.",
        )
    return shape


@workbench.command()
@click.argument("param", type=FILE)
@click.argument("weights", metavar="[BIN]", type=FILE, required=False)
@click.option("--table", type=FILE, help="Show the scales of this calibration table (needs BIN).")
def inspect(param: Path, weights: Path | None, table: Path | None) -> None:
    """Show the layers of a network, and check its files.

    With BIN the weights are checked and summed up; with --table each layer's scale is shown.
    """
    if table and not weights:
        raise click.UsageError("--table needs BIN.")
    click.echo(describe(param, weights, table))


@workbench.command()
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


def main() -> None:
    """Run the command: exit status 0 done, 1 the work failed, 2 wrong usage."""
    warnings.showwarning = _print_warning
    warnings.simplefilter("always", WorkbenchWarning)
    try:
        workbench(prog_name="workbench")
    except WorkbenchError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    except Interrupted as stop:
        click.echo(f"interrupted: {stop}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"error: {error.filename}: {error.strerror}", err=True)
        sys.exit(1)


def _print_warning(
    message: Warning | str, category: type[Warning], *_: object, **__: object
) -> None:
    if issubclass(category, WorkbenchWarning):
        click.echo(f"warning: {message}", err=True)

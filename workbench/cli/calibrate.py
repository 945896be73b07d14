"""`workbench calibrate`: from images to a calibration table."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from workbench.calibration.collect import Interrupted, collect
from workbench.calibration.collector import fingerprint
from workbench.calibration.inputs import Item
from workbench.calibration.plan import calibrate as make_plan
from workbench.calibration.statistics import Statistics, load_statistics, save_statistics
from workbench.cli.options import FILE, input_options, open_inputs, warn_unused
from workbench.cli.paths import check_outputs
from workbench.errors import WorkbenchWarning
from workbench.export.table import save_table
from workbench.model import Model, load_model
from workbench.numerics.thresholds import METHODS

EQ = "eq"


@click.command()
@click.argument("param", type=FILE)
@click.argument("weights", metavar="BIN", type=FILE)
@click.argument("inputs", required=False)
@click.option("--table", "table", type=FILE, required=True, help="Output.")
@click.option(
    "--method",
    type=click.Choice([*METHODS, EQ]),
    default="kl",
    show_default=True,
    help="How thresholds are searched. eq starts from kl and searches every scale for the error "
    "of its layer's output; it takes minutes, and INPUTS even with --stats.",
)
@click.option(
    "--weight-bits",
    type=click.Choice(["ncnn", "proven"]),
    default="ncnn",
    show_default=True,
    help="ncnn: 6 bits for every 3x3 stride-1 convolution; proven: 8 where overflow is ruled out.",
)
@input_options
@click.option(
    "--threads",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Images that are read and run at the same time.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Processes that share the images, instead of threads.",
)
@click.option(
    "--passes",
    type=click.IntRange(1, 2),
    default=1,
    show_default=True,
    help="1 runs each image once; 2 counts as ncnn's tool does, to the bit, in twice the time.",
)
@click.option(
    "--checkpoint",
    type=FILE,
    help="Keep here what is counted; the same command goes on from it, whatever ended the first.",
)
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
    workers: int,
    passes: int,
    checkpoint: Path | None,
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
    if inputs is None and stats_file is None:
        raise click.UsageError("Give INPUTS, or --stats.")
    if inputs is not None and stats_file is not None and method != EQ:
        raise click.UsageError("Give either INPUTS or --stats; only eq uses both.")
    if inputs is None and method == EQ:
        raise click.UsageError("eq runs the layers again: give INPUTS too.")
    outputs = {"--table": table, "--save-stats": save_stats, "--checkpoint": checkpoint}
    check_outputs(outputs, (param, weights, stats_file, Path(inputs or "")))
    if inputs is None:
        warn_unused(settings, "--stats")
    model = load_model(param, weights)
    limit = settings.pop("limit")
    items = open_inputs(model, inputs, settings)[:limit] if inputs else ()
    progress = sys.stderr.isatty()
    if stats_file:
        stats = load_statistics(stats_file)
        if items and stats.inputs != fingerprint(items):
            warnings.warn(
                f"{stats_file}: counted on other inputs than these, or otherwise prepared",
                WorkbenchWarning,
                stacklevel=1,
            )
    else:
        stats = _collect(model, items, threads, workers, passes, checkpoint)
    if save_stats:
        save_statistics(stats, save_stats)
    plan = make_plan(model, stats, "kl" if method == EQ else method, weight_bits)
    if method == EQ:
        from workbench.simulation.equalize import equalize  # the simulator is slow to import

        plan = equalize(model, plan, items, progress=progress)
    save_table(plan, table)
    width = max(len(decision.layer) for decision in plan)
    for decision in plan:
        click.echo(
            f"{decision.layer:{width}}  absmax {stats[decision.layer].absmax:<12.6g} "
            f"threshold {decision.threshold:<12.6g} scale {decision.scale:.6g}"
        )
    click.echo(f"{len(plan.layers)} layers, {stats.images} images, {method} -> {table}")


def _collect(
    model: Model,
    inputs: Sequence[Item],
    threads: int,
    workers: int,
    passes: int,
    checkpoint: Path | None,
) -> Statistics:
    try:
        return collect(
            model,
            inputs,
            threads=threads,
            progress=sys.stderr.isatty(),
            passes=passes,
            workers=workers,
            checkpoint=checkpoint,
        )
    except Interrupted as stop:  # click would say "Aborted!" and no more
        how = "The same command goes on from" if checkpoint else "--checkpoint FILE would have kept"
        click.echo(f"interrupted: {stop.state}. {how} what is done.", err=True)
        raise click.exceptions.Exit(1) from stop

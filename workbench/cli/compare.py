"""`workbench compare`: the int8 network against the float one."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from workbench.calibration.inputs import FileInputs, MultiInput
from workbench.calibration.labels import read_labels
from workbench.cli.options import FILE, input_options, open_inputs
from workbench.cli.paths import check_outputs
from workbench.engine.speed import Clock
from workbench.export.golden import dump
from workbench.export.report import html_report
from workbench.export.speed import measure_speed
from workbench.export.table import load_table
from workbench.files import write_text
from workbench.model import load_model
from workbench.simulation.accuracy import accuracy, scores_of
from workbench.simulation.compare import Comparison, as_objects
from workbench.simulation.compare import compare as compare_networks
from workbench.simulation.scheme import SCHEMES


@click.command()
@click.argument("param", type=FILE)
@click.argument("weights", metavar="BIN", type=FILE)
@click.argument("table", type=FILE)
@click.argument("inputs")
@input_options
@click.option(
    "--scheme",
    type=click.Choice([*SCHEMES, "all"]),
    default="requantize",
    show_default=True,
    help="How the int8 network computes; all: every way but float, one after the other.",
)
@click.option("--json", "json_file", type=FILE, help="Write the figures here.")
@click.option("--html", "html_file", type=FILE, help="Write a report with drawings here.")
@click.option("--dump", "folder", type=FILE, help="Write every blob of every image below here.")
@click.option(
    "--labels",
    "label_file",
    type=FILE,
    help="A text file with FILE LABEL on each line: also count the right answers of both.",
)
@click.option(
    "--output",
    metavar="BLOB",
    help="With --labels: the output that holds the class scores, where there are several.",
)
@click.option(
    "--time",
    "threads",
    type=click.IntRange(1),
    metavar="THREADS",
    help="Also time float and int8 in ncnn on this machine, with so many threads.",
)
def compare(
    param: Path,
    weights: Path,
    table: Path,
    inputs: str,
    scheme: str,
    json_file: Path | None,
    html_file: Path | None,
    folder: Path | None,
    label_file: Path | None,
    output: str | None,
    threads: int | None,
    **settings: Any,
) -> None:
    """Compare the network PARAM BIN in float with its int8 form by TABLE, layer by layer.

    The int8 network is simulated to the bit as ncnn runs it with its option use_packing_layout
    off. INPUTS is what `calibrate` takes; a few images are enough (see --limit). SQNR is the
    signal to quantization noise in dB: below 20 is worth a look, below 10 a layer has lost most
    of what it says.
    """
    if folder and scheme == "all":
        raise click.UsageError("--dump needs one --scheme.")
    if output and not label_file:
        raise click.UsageError("--output goes with --labels.")
    outputs = {"--json": json_file, "--html": html_file}
    check_outputs(outputs, (param, weights, table, label_file, Path(inputs)))
    model = load_model(param, weights)
    plan = load_table(table, model)
    limit = settings.pop("limit")
    items = open_inputs(model, inputs, settings)[:limit]
    labels = _labels(label_file, items) if label_file else []
    scores = scores_of(model, output) if label_file else None
    progress = sys.stderr.isatty()
    names = [name for name in SCHEMES if name != "float"] if scheme == "all" else [scheme]
    results = [compare_networks(model, plan, items, name, progress=progress) for name in names]
    for result in results:
        click.echo(str(result))
        if label_file:
            right = accuracy(
                model, plan, items, labels, result.scheme, output=scores, progress=progress
            )
            click.echo(str(right))
    if threads:
        click.echo(f"time of one run in ncnn, {threads} threads: median (5 % to 95 %)")
        click.echo(str(measure_speed(model, plan, items[0], Clock(threads))))
    if json_file:
        write_text(json_file, json.dumps(_objects(results), indent=1, allow_nan=False) + "\n")
    if html_file:
        write_text(html_file, html_report(results, param.stem))
    if folder:
        dump(model, plan, items, folder, scheme)


def _labels(path: Path, items: FileInputs | MultiInput) -> list[int]:
    first = next(iter(items.parts.values())) if isinstance(items, MultiInput) else items
    return read_labels(path, first.files)


def _objects(results: Sequence[Comparison]) -> list[Mapping[str, object]]:
    """Rows of one scheme, or of several, each with its name."""
    if len(results) == 1:
        return as_objects(results[0])
    return [{"scheme": one.scheme} | dict(row) for one in results for row in as_objects(one)]

"""`workbench compare`: the int8 network against the float one."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from workbench.cli.options import FILE, input_options, open_inputs
from workbench.export.golden import dump
from workbench.export.report import html_report
from workbench.export.table import load_table
from workbench.files import replacing
from workbench.model import load_model
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
def compare(
    param: Path,
    weights: Path,
    table: Path,
    inputs: str,
    scheme: str,
    json_file: Path | None,
    html_file: Path | None,
    folder: Path | None,
    **settings: Any,
) -> None:
    """Compare the network PARAM BIN in float with its int8 form by TABLE, layer by layer.

    The int8 network is simulated to the bit as ncnn runs it. INPUTS is what `calibrate` takes;
    a few images are enough (see --limit). SQNR is the signal to quantization noise in dB:
    below 20 is worth a look, below 10 a layer has lost most of what it says.
    """
    if folder and scheme == "all":
        raise click.UsageError("--dump needs one --scheme.")
    model = load_model(param, weights)
    plan = load_table(table, model)
    limit = settings.pop("limit")
    items = open_inputs(model, inputs, settings)[:limit]
    names = [name for name in SCHEMES if name != "float"] if scheme == "all" else [scheme]
    results = [
        compare_networks(model, plan, items, name, progress=sys.stderr.isatty()) for name in names
    ]
    for result in results:
        click.echo(_text(result))
    if json_file:
        _write(json_file, json.dumps(_objects(results), indent=1, allow_nan=False) + "\n")
    if html_file:
        _write(html_file, html_report(results, param.stem))
    if folder:
        dump(model, plan, items, folder, scheme)


def _objects(results: Sequence[Comparison]) -> list[Mapping[str, object]]:
    """Rows of one scheme, or of several, each with its name."""
    if len(results) == 1:
        return as_objects(results[0])
    return [{"scheme": one.scheme} | dict(row) for one in results for row in as_objects(one)]


def _text(result: Comparison) -> str:
    width = max(len(row.layer) for row in result)
    lines = [f"scheme {result.scheme}, {result.images} images"]
    lines.append(f"{'layer':{width}}  {'cosine':>9} {'angle':>7} {'SQNR dB':>8} {'alone':>8}")
    for row in result:
        whole = row.accumulated
        alone = f"{row.alone.sqnr_db:8.1f}" if row.alone else "   float"
        lines.append(
            f"{row.layer:{width}}  {whole.cosine:9.6f} {whole.angle_degrees:7.3f} "
            f"{whole.sqnr_db:8.1f} {alone}"
        )
    return "\n".join(lines)


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")

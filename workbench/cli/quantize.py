"""`workbench quantize`: from a network and its calibration table to an int8 network."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.options import FILE
from workbench.errors import FormatError
from workbench.export.examination import examine
from workbench.export.int8 import export_int8
from workbench.formats.table import Table, read_text
from workbench.model import Model, load_model
from workbench.simulation.propagate import requantized

_MOST = 12
"""Faults of a table that are named one by one."""


@click.command()
@click.argument("param", type=FILE)
@click.argument("weights", metavar="BIN", type=FILE)
@click.argument("table", type=FILE)
@click.argument("out_param", type=FILE)
@click.argument("out_bin", type=FILE)
@click.option(
    "--mend",
    is_flag=True,
    help="Do what the advice on each fault of TABLE says, instead of stopping. TABLE stays.",
)
def quantize(
    param: Path, weights: Path, table: Path, out_param: Path, out_bin: Path, mend: bool
) -> None:
    """Write the int8 form of the network PARAM BIN to OUT_PARAM OUT_BIN.

    TABLE is the calibration table of the network, made by `workbench calibrate` or by ncnn's
    own tool: two rows for each layer that is to run in int8. A layer without rows stays in
    float. The files say what those of ncnn's converter (ncnn2int8) would, the .bin to the byte,
    and run in ncnn like any other network.

    TABLE may have been edited by hand. Each fault in it is named with its line, what ncnn's
    converter would silently make of it, and what to do.

    \b
    Example:
      workbench calibrate m.param m.bin images/ --table m.table
      workbench quantize m.param m.bin m.table m-int8.param m-int8.bin
    """
    if table.resolve() in (out_param.resolve(), out_bin.resolve()):
        raise FormatError("this is the table itself", where=str(table), advice="Name another file.")
    model = load_model(param, weights)
    rows = _read(table, model, mend)
    export_int8(model, rows, out_param, out_bin)
    _report(model, rows)
    sizes = f"{weights.stat().st_size} -> {out_bin.stat().st_size} bytes of weights"
    click.echo(f"{sizes} -> {out_param} {out_bin}")


def _read(table: Path, model: Model, mend: bool) -> Table:
    examined = examine(read_text(table), model)
    for finding in examined.findings[:_MOST]:
        click.echo(f"{finding.severity}: {finding.message(table)}", err=True)
    if (more := len(examined.findings) - _MOST) > 0:
        click.echo(f"... and {more} more. Is it the table of another network?", err=True)
    errors = sum(finding.severity == "error" for finding in examined.findings)
    if errors and not mend:
        raise FormatError(
            f"the table has {errors} error{'s' * (errors > 1)}; nothing was written",
            where=str(table),
            advice="Mend it, or let --mend do what is advised.",
        )
    return examined.mended if mend else examined.table


def _report(model: Model, table: Table) -> None:
    staying = requantized(model.graph, table.blobs)
    width = max((len(layer.name) for layer in model.quantizable), default=0)
    for layer in model.quantizable:
        kind = "int8" if layer.name in table.blobs else "float"
        output = ", its output stays int8" if layer.name in staying else ""
        click.echo(f"{layer.name:{width}}  {kind}{output}")
    count = f"{len(table.blobs)} of {len(model.quantizable)} layers in int8"
    click.echo(f"{count}, {len(staying)} of their outputs too")

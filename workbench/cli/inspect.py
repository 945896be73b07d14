"""`workbench inspect`: a network in words."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.options import FILE
from workbench.inspection import describe


@click.command()
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

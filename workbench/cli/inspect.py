"""`workbench inspect`: a network in words."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from workbench.cli.options import FILE
from workbench.export.examination import examine_table
from workbench.inspection import describe
from workbench.model import load_model


@click.command()
@click.argument("param", type=FILE)
@click.argument("weights", metavar="[BIN]", type=FILE, required=False)
@click.option("--table", type=FILE, help="Show the scales of this calibration table (needs BIN).")
def inspect(param: Path, weights: Path | None, table: Path | None) -> None:
    """Show the layers of a network, and check its files.

    With BIN the weights are checked and summed up; with --table each layer's scale is shown, and
    the exit status is 1 if a row of it cannot be used.
    """
    if table and not weights:
        raise click.UsageError("--table needs BIN.")
    click.echo(describe(param, weights, table))
    if weights and table:
        findings = examine_table(table, load_model(param, weights))
        sys.exit(any(finding.severity == "error" for finding in findings))

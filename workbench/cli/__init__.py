"""The `workbench` command. It only reads arguments, calls the package, and prints.

Each command has a file of its own here.
"""

from __future__ import annotations

import sys
import warnings

import click

from workbench.cli.calibrate import calibrate
from workbench.cli.compare import compare
from workbench.cli.firmware import firmware
from workbench.cli.inspect import inspect
from workbench.cli.lab import lab
from workbench.cli.quantize import quantize
from workbench.errors import WorkbenchError, WorkbenchWarning


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="int8-workbench", prog_name="workbench")
def workbench() -> None:
    """Calibrate a neural network to int8 for ncnn.

    A network is run in float on a few hundred images; for each layer a threshold is chosen
    above which values are clipped; the resulting scales go into a calibration table, from
    which ncnn makes an int8 network.

    Start with `workbench lab`, which opens the notebooks.
    """


for _command in (calibrate, compare, quantize, firmware, inspect, lab):
    workbench.add_command(_command)


def main() -> None:
    """Run the command: exit status 0 done, 1 the work failed, 2 wrong usage."""
    warnings.showwarning = _print_warning
    warnings.simplefilter("always", WorkbenchWarning)
    try:
        workbench(prog_name="workbench")
    except WorkbenchError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"error: {error.filename}: {error.strerror}", err=True)
        sys.exit(1)


def _print_warning(
    message: Warning | str, category: type[Warning], *_: object, **__: object
) -> None:
    if issubclass(category, WorkbenchWarning):
        click.echo(f"warning: {message}", err=True)

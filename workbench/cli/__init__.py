"""The `workbench` command. It only reads arguments, calls the package, and prints.

Each command has a file of its own here, which is imported when the command is called.
"""

from __future__ import annotations

import gc
import sys
import warnings
from importlib import import_module

import click

from workbench.errors import WorkbenchError, WorkbenchWarning

COMMANDS = {
    "calibrate": "From images to a calibration table.",
    "compare": "The int8 network against the float one, layer by layer.",
    "firmware": "The network in integers alone, as files and as a C program.",
    "inspect": "The layers of a network, and whether its files are sound.",
    "lab": "The notebooks in JupyterLab, or the page as an application.",
    "quantize": "The int8 network as ncnn's converter writes it.",
}


class Commands(click.Group):
    """The commands, each in the module of its name."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return their names."""
        return list(COMMANDS)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """List them without an import, which takes a third of a second."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import one; None if there is none of this name."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"workbench.cli.{name}"), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="int8-workbench", prog_name="workbench")
def workbench() -> None:
    """Calibrate a neural network to int8 for ncnn.

    A network is run in float on a few hundred images; for each layer a threshold is chosen
    above which values are clipped; the resulting scales go into a calibration table, from
    which ncnn makes an int8 network.

    Start with `workbench lab`, which opens the notebooks.
    """


def main() -> None:
    """Run the command: exit status 0 done, 1 the work failed, 2 wrong usage."""
    gc.set_threshold(50_000)  # by default a tenth of the start goes into looking for cycles
    warnings.showwarning = _print_warning
    warnings.simplefilter("always", WorkbenchWarning)
    try:
        workbench(prog_name="workbench")
    except WorkbenchError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        click.echo(f"error: {what or type(error).__name__}", err=True)
        sys.exit(1)


def _print_warning(
    message: Warning | str, category: type[Warning], *_: object, **__: object
) -> None:
    if issubclass(category, WorkbenchWarning):
        click.echo(f"warning: {message}", err=True)

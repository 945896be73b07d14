"""`workbench firmware`: a calibrated network in integers alone, for firmware and chips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from workbench.calibration.inputs import Item
from workbench.cli.options import FILE, input_options, open_inputs, warn_unused
from workbench.export.firmware import write_firmware
from workbench.export.lowering import Program
from workbench.export.table import load_table
from workbench.model import load_model
from workbench.simulation.scheme import SCHEMES

_FEW = 4
_ABLE = [s.name for s in SCHEMES.values() if s.integer and s.integer.activations == "int8"]


@click.command()
@click.argument("param", type=FILE)
@click.argument("weights", metavar="BIN", type=FILE)
@click.argument("table", type=FILE)
@click.argument("folder", type=FILE)
@click.argument("inputs", required=False)
@input_options
@click.option(
    "--scheme",
    type=click.Choice(_ABLE),
    default="integer",
    show_default=True,
    help="How numbers are multiplied. integer: by 31 bits, rounded; integer-shift: E >> F.",
)
def firmware(
    param: Path,
    weights: Path,
    table: Path,
    folder: Path,
    inputs: str | None,
    scheme: str,
    **settings: Any,
) -> None:
    """Write the network PARAM BIN, calibrated by TABLE, in integers alone to FOLDER.

    It is for whoever puts the network on a device without floating point, or on a chip:

    \b
      plan.json, arrays-.../   each operation in order, with its int8 weights, int32
                               biases, multipliers, shifts and the scale of each blob
      net.c                    the same as a C99 program that compiles as it is
      golden/                  with INPUTS: every blob of the first 4 of them (or of
                               --limit), and input.bin, what net.c reads

    \b
    Compile and run the program, then compare its int8 blobs with golden/, byte for byte:
      cc -std=c99 -O2 net.c -o net && ./net golden/0000/input.bin blobs.bin

    Where the network goes on in float, the program ends with int32 sums: real = sum / scale, with
    the scale of each channel in plan.json. golden/ has what ncnn makes of them, in float32.

    Float layers at the start and the end of the network (a Softmax, say) are left out, and told.
    A float layer in the middle is an error, for then there is no network in integers alone.

    \b
    Example:
      workbench calibrate m.param m.bin images/ --table m.table
      workbench firmware m.param m.bin m.table firmware/ images/
    """
    if inputs is None:
        warn_unused({**settings, "shape": None}, "no INPUTS")
    model = load_model(param, weights)
    plan = load_table(table, model)
    limit = settings.pop("limit") or _FEW
    items: Sequence[Item] = open_inputs(model, inputs, settings)[:limit] if inputs else ()
    given = settings["shape"]
    shapes = {model.graph.inputs[0]: given[::-1]} if given else None
    program = write_firmware(model, plan, folder, items, scheme, shapes)
    _report(program, folder, len(items))


def _report(program: Program, folder: Path, count: int) -> None:
    for one in program.left_out:
        click.echo(f"left out, {'behind' if one.behind else 'before'}: {one.layer} ({one.why})")
    size = sum(op.arrays["weight"].size for op in program.operations if "weight" in op.arrays)
    images = f", golden vectors of {count} input{'s' * (count > 1)}" if count else ""
    about = f"{len(program.operations)} integer operations, {size} bytes of weights{images}"
    click.echo(f"{about} -> {folder}")

"""`workbench firmware`: a calibrated network in integers alone, for firmware and chips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from workbench.calibration.collect import as_mapping
from workbench.calibration.inputs import Item
from workbench.calibration.plan import Plan
from workbench.cli.options import FILE, input_options, open_inputs
from workbench.export.c_program import write_c
from workbench.export.golden import dump
from workbench.export.integer_plan import write_integer_plan
from workbench.export.lowering import Program, lower
from workbench.export.table import load_table
from workbench.files import replacing
from workbench.model import Model, load_model
from workbench.simulation.scheme import SCHEMES
from workbench.simulation.simulator import Simulator

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
    Compile and run the program, then compare its blobs with golden/:
      cc -std=c99 -O2 net.c -o net && ./net golden/0000/input.bin blobs.bin

    Float layers at the start and the end of the network (a Softmax, say) are left out, and told.
    A float layer in the middle is an error, for then there is no network in integers alone.

    \b
    Example:
      workbench calibrate m.param m.bin images/ --table m.table
      workbench firmware m.param m.bin m.table firmware/ images/
    """
    model = load_model(param, weights)
    plan = load_table(table, model)
    limit = settings.pop("limit") or _FEW
    items: Sequence[Item] = open_inputs(model, inputs, settings)[:limit] if inputs else ()
    program = lower(model, plan, scheme, _shapes(model, items, settings["shape"]))
    write_integer_plan(program, folder)
    write_c(program, folder / "net.c")
    if items:
        _write_golden(model, plan, items, program, folder / "golden")
    _report(program, folder, len(items))


def _shapes(
    model: Model, items: Sequence[Item], given: tuple[int, ...] | None
) -> dict[str, tuple[int, ...]]:
    """The shapes of the inputs: as they are read, or as the option says (W, H, C)."""
    if items:
        return {blob: array.shape for blob, array in as_mapping(model, items[0]).items()}
    return {model.graph.inputs[0]: given[::-1]} if given else {}


def _write_golden(
    model: Model, plan: Plan, items: Sequence[Item], program: Program, folder: Path
) -> None:
    dump(model, plan, items, folder, program.scheme)
    simulator = Simulator(model, plan, program.scheme)
    for number, item in enumerate(items):
        with replacing(folder / f"{number:04}" / "input.bin") as temporary:
            temporary.write_bytes(program.input_bytes(simulator.run(item).blobs))


def _report(program: Program, folder: Path, count: int) -> None:
    for one in program.left_out:
        click.echo(f"left out, {'behind' if one.behind else 'before'}: {one.layer} ({one.why})")
    size = sum(op.arrays["weight"].size for op in program.operations if "weight" in op.arrays)
    images = f", golden vectors of {count} input{'s' * (count > 1)}" if count else ""
    about = f"{len(program.operations)} integer operations, {size} bytes of weights{images}"
    click.echo(f"{about} -> {folder}")

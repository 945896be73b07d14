"""A network in integers as one folder, for whoever puts it on a device without floating point.

DIR/plan.json, DIR/arrays-.../   each operation (`workbench.export.integer_plan`)
DIR/net.c                        the same as a C99 program (`workbench.export.c_program`)
DIR/golden/                      every blob of a few inputs (`workbench.export.golden`), and of
                                 each its input.bin, which is what net.c reads
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.calibration.collect import as_mapping
from workbench.calibration.inputs import Item
from workbench.calibration.plan import Plan
from workbench.export.c_program import write_c
from workbench.export.golden import dump
from workbench.export.integer_plan import write_integer_plan
from workbench.export.lowering import Program, lower
from workbench.files import replacing
from workbench.model import Model
from workbench.simulation.blob import Run
from workbench.simulation.scheme import Scheme


def write_firmware(
    model: Model,
    plan: Plan,
    folder: str | Path,
    items: Sequence[Item] = (),
    scheme: str | Scheme = "integer",
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Program:
    """Write a calibrated network in integers alone, and what it computes of a few inputs.

    Args:
        model: the float network.
        plan: decisions for it.
        folder: where to write; it is made if it does not exist.
        items: inputs whose blobs are written; their shape is the one that is taken.
        scheme: an integer scheme with int8 blobs, "integer" or "integer-shift".
        shapes: of the input blobs, the slowest axis first, where there are no items.

    Returns:
        What was written.

    Raises:
        CalibrationError: the scheme is no such scheme, or the plan is for another network.
        GraphError: a float layer stands between integer layers, a layer has no operation, or
            the size of the input is not known.
        InputError: an item cannot be used.
        WorkbenchError: the folder cannot be written.
    """
    if len(items):
        shapes = {blob: array.shape for blob, array in as_mapping(model, items[0]).items()}
    program = lower(model, plan, scheme, shapes)
    write_integer_plan(program, folder)
    write_c(program, Path(folder) / "net.c")
    golden = Path(folder) / "golden"
    if (golden / "manifest.json").exists():
        shutil.rmtree(golden)  # it is of what was written here before
    if len(items):

        def feed(home: Path, run: Run) -> None:
            with replacing(home / "input.bin") as temporary:
                temporary.write_bytes(program.input_bytes(run.blobs))

        dump(model, plan, items, golden, scheme, feed)
    return program

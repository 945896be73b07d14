"""The integer plan of a network as files, for whoever writes firmware or designs a chip.

    DIR/plan.json              what is computed, in order
    DIR/arrays-DIGEST/*.npy    weights, biases, multipliers, tables: int8 and int32

plan.json holds one object:

    format          "int8-workbench integer plan 1"
    scheme          name of the scheme
    rounding        how every multiplier is applied to an integer x (64-bit products):
                      "one rounding"   (x * m + 2^(30+s)) >> (31+s)
                      "two roundings"  doubling high multiplication of x by m, a half upwards;
                                       then / 2^s, a half away from zero (gemmlowp)
                      "floor"          x * m >> s
                      "rounded"        (x * m + 2^(s-1)) >> s
                    m from an array `multiplier`, s from the array `shift` beside it
    inputs          list: source (a float blob), name (the int8 blob), and
                    scale: level = saturate(round(x * scale)), a half away from zero; or
                    e and f: level = saturate(truncate(x * e + 1/2) >> f), f < 0: << -f
    blobs           list: name, shape (slowest axis first), dtype, scale
    operations      list, in order: layer, kind, bottoms, top, numbers, arrays
    left_out        list: layer, why, behind (true: comes behind the integers; false: before)

`scale` is a number, or a list with one for each channel (axis 0; of an int32 blob: each output);
real = integer / scale. An int32 blob may have e and f as well: then real = integer * e / 2^f.
int8 levels are -127 to 127. A blob whose name has a space in it lies between two operations of
one layer; all others are blobs of the network.

Kinds, with what their numbers and arrays say. Where a `..._each` is 1 the arrays have an element
for each channel (or output), where it is 0 one for all; `channels` x `plane` is the blob with its
first axis apart.

    convolution         in_*, out_*, groups, kernel_*, stride_*, dilation_*, pad_top, pad_left;
                        pad_level is what lies beyond the image. weight int8 (outputs, inputs of
                        a group * kernel_h * kernel_w), bias int32 in units of the sums,
                        multiplier, shift, then late_bias int8 in levels (a variant), then held
                        between low and high: the activation
    inner_product       rows, inputs, outputs; the same arrays
    convolution_sums    int32 top: sum + bias, for a float part behind
    inner_product_sums  the same
    sum                 a_sign * a + b_sign * b, each shifted left by headroom and multiplied
                        (a_multiplier, a_shift; not there: as it is); the sum is divided by
                        2^headroom, a half away from zero. Element i of channel c of a is
                        a[c * a_channel_step + i * a_step]
    product             a * b, multiplied; steps as in sum
    largest, smallest   of a and b; steps as in sum
    max_pool            window (i, j) covers the rows row_start[i] to row_end[i] - 1 and the
                        columns alike; -127 if it is empty
    mean_pool           the sum of a window / area, a half away from zero (area_each: an area for
                        each window); with a multiplier: sum * 4096 / area, multiplied
    rescale             multiplied
    clamp               held between low and high
    lookup              table[x + 128], int8 (1 or channels, 256)
    copy                to[to_start + b * to_step + i] = from[from_start + b * from_step + i] for
                        b < blocks, i < length: Slice, one for each top; Concat, one for each bottom
    shuffle             channel i * size + j goes to j * groups + i
    gather              to[i] = from[index[i]], from `inputs` on constants[index[i] - inputs]
    same                the top is the bottom: Split, Flatten, Reshape

Every result is saturated to its type. The folder is written so that a reader sees the old plan
or the whole new one: plan.json is replaced last, and names the folder of its arrays.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.calibration.plan import Plan
from workbench.export.lowering import Entrance, Operation, Program, StoredBlob, lower
from workbench.files import make_folder, write_text, writing
from workbench.model import Model
from workbench.numerics.fixed_point import Multiplier8
from workbench.simulation.scheme import Scheme

FORMAT = "int8-workbench integer plan 1"


def export_integer_plan(
    model: Model,
    plan: Plan,
    folder: str | Path,
    scheme: str | Scheme = "integer",
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> None:
    """Write all that computes a network in integers; the format is in this module's docstring.

    Args:
        model: the float network.
        plan: decisions for it.
        folder: where to write; it is made if it does not exist, and a plan in it is replaced.
        scheme: an integer scheme with int8 blobs, "integer" or "integer-shift".
        shapes: of the input blobs, the slowest axis first; by default what the Input layers say.

    Raises:
        CalibrationError: the scheme is no such scheme, or the plan is for another network.
        GraphError: a float layer stands between integer layers, a layer has no operation, or
            the size of the input is not known.
        WorkbenchError: the folder cannot be written.
    """
    write_integer_plan(lower(model, plan, scheme, shapes), folder)


def write_integer_plan(program: Program, folder: str | Path) -> None:
    """Write a lowered network; see `export_integer_plan`."""
    target = Path(folder)
    make_folder(target)
    home = f"arrays-{_digest(program)}"
    _write_arrays(program, target / home)
    write_text(target / "plan.json", json.dumps(_described(program, home), indent=1) + "\n")
    for old in target.glob("arrays-*"):
        if old.name != home:
            shutil.rmtree(old)


def _write_arrays(program: Program, home: Path) -> None:
    """Write the arrays beside their folder, and move it into place when all are there."""
    if home.exists():
        return  # the digest says that they are the same
    partial = home.with_name(f".{home.name}.{uuid.uuid4().hex}.part")
    try:
        with writing(home):
            partial.mkdir()
            for number, op in enumerate(program.operations):
                for name, array in op.arrays.items():
                    np.save(partial / _file(number, name), array)
            partial.rename(home)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _digest(program: Program) -> str:
    digest = hashlib.sha256()
    for number, op in enumerate(program.operations):
        for name, array in op.arrays.items():
            digest.update(f"{_file(number, name)} {array.dtype} {array.shape}".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()[:12]


def _file(number: int, name: str) -> str:
    return f"{number:04}_{name}.npy"


def _described(program: Program, home: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "scheme": program.scheme,
        "rounding": program.flavour,
        "inputs": [_entrance(entrance) for entrance in program.entrances],
        "blobs": [_blob(blob) for blob in program.blobs.values()],
        "operations": [_operation(i, op, home) for i, op in enumerate(program.operations)],
        "left_out": [vars(one) for one in program.left_out],
    }


def _entrance(entrance: Entrance) -> dict[str, Any]:
    names = {"source": entrance.source, "name": entrance.name}
    return {**names, "scale": _scale(entrance.scale), **_multiplier(entrance.multiplier)}


def _blob(blob: StoredBlob) -> dict[str, Any]:
    return {
        "name": blob.name,
        "shape": list(blob.shape),
        "dtype": blob.dtype,
        "scale": _scale(blob.scale),
        **_multiplier(blob.multiplier),
    }


def _operation(number: int, op: Operation, home: str) -> dict[str, Any]:
    return {
        "layer": op.layer,
        "kind": op.kind,
        "bottoms": list(op.bottoms),
        "top": op.top,
        "numbers": dict(op.numbers),
        "arrays": {name: f"{home}/{_file(number, name)}" for name in op.arrays},
    }


def _scale(scale: NDArray[np.float32]) -> float | list[float]:
    """One number where all are equal; a float64 holds each float32 exactly."""
    return float(scale[0]) if (scale == scale[0]).all() else [float(one) for one in scale]


def _multiplier(multiplier: Multiplier8 | None) -> dict[str, Any]:
    if multiplier is None:
        return {}
    e = multiplier.e.tolist()
    return {"e": e[0] if len(e) == 1 else e, "f": int(multiplier.f)}

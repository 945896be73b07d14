"""A calibrated network as a small reference program in C99: integers alone, nothing to link.

    cc -std=c99 -O2 net.c -o net
    ./net INPUT OUTPUT          # raw int8 in; every blob, one after the other, out

The program is generated from the pieces in the folder `c`: one static function for each kind of
operation that the network has, its constants, and `net_run`, which calls them in order. It is
written to be read and taken apart, not to be fast: every blob has a buffer of its own, and
convolutions are plain loops.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.calibration.plan import Plan
from workbench.export.c import KINDS, piece, pieces
from workbench.export.lowering import Entrance, Operation, Program, StoredBlob, lower
from workbench.files import make_folder, write_text
from workbench.model import Model
from workbench.simulation.scheme import Scheme

_TYPES = {"int8": "int8_t", "int32": "int32_t"}
_UNSAFE = re.compile(r"[^A-Za-z0-9 ._:+()=,;'-]")
_ON_A_LINE = 24


def export_c(
    model: Model,
    plan: Plan,
    path: str | Path,
    scheme: str | Scheme = "integer",
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Path:
    """Write a network as a program in C that computes in integers alone.

    It starts at the int8 input and ends at the last integer blobs: float layers behind them,
    such as a Softmax, are left out, and `net_run` returns NET_ENDS_EARLY. The last layer of
    int8 weights, whose output the network has in float, gives its int32 sums with their bias.

    Args:
        model: the float network.
        plan: decisions for it.
        path: a file that ends in .c, or a folder, in which it will be `net.c`; a file that
            exists is replaced.
        scheme: an integer scheme with int8 blobs, "integer" or "integer-shift".
        shapes: of the input blobs, the slowest axis first; by default what the Input layers say.

    Returns:
        The path of the file.

    Raises:
        CalibrationError: the scheme is no such scheme, or the plan is for another network.
        GraphError: a float layer stands between integer layers, a layer has no operation, or
            the size of the input is not known; it names the layer and the reason.
        WorkbenchError: the file cannot be written.
    """
    return write_c(lower(model, plan, scheme, shapes), path)


def write_c(program: Program, path: str | Path) -> Path:
    """Write a lowered network as C; see `export_c`."""
    given = Path(path)
    target = given if given.suffix == ".c" else given / "net.c"
    make_folder(target.parent)
    write_text(target, c_text(program), "ascii")
    return target


def c_text(program: Program) -> str:
    """Return a lowered network as the text of a C program."""
    buffers = _Buffers(program)
    operations = [op for op in program.operations if op.kind != "same"]
    parts = [
        _head(program),
        *map(piece, pieces(program.flavour, {op.kind: None for op in operations})),
        *(_constants(number, op) for number, op in enumerate(operations)),
        buffers.declared,
        _run(program, operations, buffers),
        piece("main"),
    ]
    return "\n".join(parts)


class _Buffers:
    """Where each blob lies: its C expression."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._same = {op.top: op.bottoms[0] for op in program.operations if op.kind == "same"}
        self._names: dict[str, str] = {}
        start = 0
        for entrance in program.entrances:
            self._names[entrance.name] = f"input + {start}" if start else "input"
            start += program.blobs[entrance.name].count
        self._own = [b for b in program.computed if b.name not in self._same]
        for number, blob in enumerate(self._own):
            self._names[blob.name] = f"blob_{number}"

    def __getitem__(self, blob: str) -> str:
        while blob in self._same:
            blob = self._same[blob]
        return self._names[blob]

    @property
    def declared(self) -> str:
        """The buffers, and the table of all blobs."""
        lines = ["/* Every blob has a buffer of its own; a firmware would let them share. */"]
        for blob in self._own:
            kind, name = _TYPES[blob.dtype], self._names[blob.name]
            lines.append(f"static {kind} {name}[{blob.count}]; /* {_about(blob)} */")
        rows = [row for blob in self._program.computed if (row := self._row(blob))]
        lines += [
            "\n/* The blobs that are computed, in the order in which `main` writes them. */",
            f"#define NET_BLOBS {len(rows)}",
            "typedef struct {",
            "    const char *name;",
            "    const void *data;",
            "    size_t bytes;",
            "} net_blob;",
            "const net_blob net_blobs[NET_BLOBS] = {",
            *rows,
            "};\n",
        ]
        return "\n".join(lines)

    def _row(self, blob: StoredBlob) -> str:
        place = self[blob.name]
        size = blob.count * np.dtype(blob.dtype).itemsize
        return (
            "" if place.startswith("input") else f'    {{"{_safe(blob.name)}", {place}, {size}}},'
        )


def written_blobs(program: Program) -> tuple[StoredBlob, ...]:
    """Return the blobs that the C program writes, in order: all but those that are its input."""
    buffers = _Buffers(program)
    return tuple(b for b in program.computed if not buffers[b.name].startswith("input"))


def _head(program: Program) -> str:
    size = sum(program.blobs[entrance.name].count for entrance in program.entrances)
    before = [f"{_safe(o.layer)}: {_safe(o.why)}" for o in program.left_out if not o.behind]
    behind = [f"{_safe(o.layer)}: {_safe(o.why)}" for o in program.left_out if o.behind]
    lines = [
        f"/* A neural network in integers, scheme {_safe(program.scheme)}. Generated: change the",
        "   network or its calibration, not the numbers in this file.",
        "",
        "   Levels are int8, -127 to 127, the last axis (width) the fastest; real = level / scale.",
        "   Nothing here computes in floating point. The input, in order:",
        *_listed(_enters(program, entrance) for entrance in program.entrances),
    ]
    if before:
        lines += ["", "   To be done before, in float:", *_listed(before)]
    if behind:
        lines += ["", "   Left out, because it is float and comes behind:", *_listed(behind)]
    return "\n".join([
        *lines,
        "*/\n",
        "#include <stddef.h>",
        "#include <stdint.h>\n",
        f"#define NET_INPUT_BYTES {size}",
        "#define NET_COMPLETE 0   /* net_run computed the whole network */",
        "#define NET_ENDS_EARLY 1 /* what is left out is still to be done with the last blobs */\n",
    ])  # fmt: skip


def _enters(program: Program, entrance: Entrance) -> str:
    """Say how a float input becomes the int8 that the program takes."""
    how = "level = round(real * scale), a half away from zero"
    if entrance.multiplier is not None:
        e, f = int(entrance.multiplier.e[0]), entrance.multiplier.f
        shift = f">> {f}" if f >= 0 else f"<< {-f}"
        how = f"level = truncate(real * {e} + 1/2) {shift}"
    return f"{_about(program.blobs[entrance.name])}; {how}, held in -127 to 127"


def _listed(items: Iterable[str]) -> Iterator[str]:
    return (f"     {item}" for item in items)


def _constants(number: int, op: Operation) -> str:
    """The constants of an operation: its arrays, then the record that holds all."""
    lines = [f"/* {_safe(op.layer)}: {op.kind} */"]
    fields = [f"    .{name} = {value}," for name, value in op.numbers.items()]
    for name, array in op.arrays.items():
        lines += _array(f"op_{number}_{name}", array)
        fields.append(f"    .{name} = op_{number}_{name},")
    record = f"static const {KINDS[op.kind][0]} op_{number} = {{"
    return "\n".join([*lines, record, *fields, "};\n"])


def _array(name: str, array: NDArray[Any]) -> Iterator[str]:
    numbers = [_literal(number) for number in array.ravel().tolist()]
    yield f"static const {_TYPES[array.dtype.name]} {name}[{len(numbers)}] = {{"
    for start in range(0, len(numbers), _ON_A_LINE):
        yield f"    {', '.join(numbers[start : start + _ON_A_LINE])},"
    yield "};"


def _literal(number: int) -> str:
    # -2147483648 is no literal in C, but the negative of one that does not fit
    return str(number) if number > -(1 << 31) else "INT32_MIN"


def _run(program: Program, operations: Iterable[Operation], buffers: _Buffers) -> str:
    early = any(one.behind for one in program.left_out)
    lines = [
        "/* Compute every blob from the input, NET_INPUT_BYTES levels. Returns NET_COMPLETE, or",
        "   NET_ENDS_EARLY where the network goes on in float (see the head of this file). */",
        "int net_run(const int8_t *input);",
        "int net_run(const int8_t *input) {",
    ]
    for number, op in enumerate(operations):
        taken = ", ".join(buffers[blob] for blob in op.bottoms)
        call = f"{KINDS[op.kind][1]}(&op_{number}, {taken}, {buffers[op.top]});"
        lines.append(f"    {call} /* {_safe(op.layer)} */")
    result = "NET_ENDS_EARLY" if early else "NET_COMPLETE"
    return "\n".join([*lines, f"    return {result};", "}\n"])


def _about(blob: StoredBlob) -> str:
    shape = " x ".join(map(str, blob.shape))
    scales = np.unique(blob.scale)
    if scales.size == 1:
        scale = f"scale {float(scales[0]):.9g}"
    else:
        scale = f"scales {float(scales[0]):.4g} to {float(scales[-1]):.4g}, by channel (plan.json)"
    return f"{_safe(blob.name)}: {blob.dtype}, {shape}, {scale}"


def _safe(text: str) -> str:
    """Text that ends no comment or string, and is no escape or trigraph."""
    return _UNSAFE.sub("_", text)

"""The ncnn calibration table: a text file of scales.

One row a line, a name and then numbers, separated by blanks:

    LAYER_param_0 f f f ...     weight scales of the layer, one for each output channel
                                (for each group of a ConvolutionDepthWise)
    LAYER f                     scale of the layer's bottom blob

Scales multiply: int8 = round(real * scale). ncnn's tool writes all weight rows, then all blob
rows, six decimals and a blank after each number. A row that begins with `#` is a comment.

Source: Tencent/ncnn, tools/quantize/ncnn2table.cpp (QuantNet::save_table) and
net_quantize.cpp (read_int8scale_table).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from workbench.errors import FormatError
from workbench.files import replacing

WEIGHT_SUFFIX = "_param_0"


@dataclass(frozen=True)
class Table:
    """The rows of a calibration table, by layer name.

    Attributes:
        weights: weight scales of each layer.
        blobs: scale of each layer's bottom blob (one number in a tuple).
        lines: the line of the file on which each row stood, for messages; by row name.
    """

    weights: Mapping[str, tuple[float, ...]]
    blobs: Mapping[str, tuple[float, ...]]
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for name in ("weights", "blobs", "lines"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def format_table(table: Table) -> str:
    """Render a table as ncnn's tool does: weight rows, then blob rows."""
    rows = [(name + WEIGHT_SUFFIX, scales) for name, scales in table.weights.items()]
    rows += table.blobs.items()
    return "".join(f"{name} {_numbers(scales)}\n" for name, scales in rows)


def write_table(table: Table, path: str | Path) -> None:
    """Write a table, replacing the file only when the whole is written."""
    with replacing(path) as temporary:
        temporary.write_text(format_table(table), encoding="utf-8")


def _numbers(scales: Iterable[float]) -> str:
    return "".join(f"{_number(scale)} " for scale in scales)


def _number(scale: float) -> str:
    """Six decimals as ncnn's tool writes them; more where six would lose float32 digits.

    A scale below 1 has fewer than seven significant digits in six decimals, and one below
    5e-7 would become 0: what reads the table would divide by zero.
    """
    decimals = 6 if scale >= 1 else 6 + math.ceil(-math.log10(scale))
    return f"{scale:.{decimals}f}"


def read_table(path: str | Path) -> Table:
    """Read a calibration table.

    Raises:
        FormatError: the file cannot be read, or a row is not a name and positive numbers, or a
            row stands twice; with the line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"cannot be read ({error})", where=str(path)) from error
    return parse_table(text, str(path))


def parse_table(text: str, name: str = "<table>") -> Table:
    """Read a table from its text; `name` stands for the file in messages."""
    weights: dict[str, tuple[float, ...]] = {}
    blobs: dict[str, tuple[float, ...]] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        row, *words = line.split() or [""]
        if not row or row.startswith("#"):
            continue
        place = f"{name}:{number}"
        if row in lines:
            raise FormatError(f"row {row!r} stands already on line {lines[row]}", where=place)
        lines[row] = number
        scales = tuple(_scale(word, row, place) for word in words)
        if not scales:
            raise FormatError(f"row {row!r} has no numbers", where=place)
        if row.endswith(WEIGHT_SUFFIX):
            weights[row.removesuffix(WEIGHT_SUFFIX)] = scales
        else:
            blobs[row] = scales
    return Table(weights, blobs, lines)


def _scale(word: str, row: str, place: str) -> float:
    try:
        scale = float(word)
    except ValueError:
        scale = math.nan
    if not (math.isfinite(scale) and scale > 0):
        raise FormatError(
            f"row {row!r} has {word!r} where a positive number should stand",
            where=place,
            advice="A scale is 127 / threshold; calibrate this layer again or mend the row.",
        )
    return scale

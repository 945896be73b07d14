"""The ncnn calibration table: a text file of scales.

One row a line, a name and then numbers, separated by blanks:

    LAYER_param_0 f f f ...     weight scales of the layer, one for each output channel
                                (for each group of a ConvolutionDepthWise)
    LAYER f                     scale of the layer's bottom blob

Scales multiply: int8 = round(real * scale). ncnn's tool writes all weight rows, then all blob
rows, six decimals and a blank after each number. A row that begins with `#` is a comment.

ncnn reads the file with less care than one would expect: it stops at the first empty line, parts
words at blanks only, repeats the last number where it meets a word, and never counts. What it
makes of each slip is told by the findings of `workbench.formats.table_rows`
and `workbench.export.examination`.

Source: Tencent/ncnn, tools/quantize/ncnn2table.cpp (QuantNet::save_table) and
ncnn2int8.cpp (read_int8scale_table).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from workbench.errors import FormatError
from workbench.files import write_text
from workbench.formats.reading import read_bytes

WEIGHT_SUFFIX = "_param_0"
MAX_FILE_BYTES = 1 << 28


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
    write_text(path, format_table(table))


def _numbers(scales: Iterable[float]) -> str:
    return "".join(f"{_number(scale)} " for scale in scales)


def _number(scale: float) -> str:
    """Six decimals as ncnn's tool writes them; more where six would lose float32 digits.

    A scale below 1 has fewer than seven significant digits in six decimals, and one below
    5e-7 would become 0: what reads the table would divide by zero.
    """
    short = f"{scale:.6f}"
    if scale >= 1 or np.float32(short) == np.float32(scale):
        return short
    return f"{scale:.{6 + math.ceil(-math.log10(scale))}f}"


def read_text(path: str | Path) -> str:
    """Read a table's text.

    Raises:
        FormatError: the file cannot be read, or is not UTF-8; with the line.
    """
    data = read_bytes(path, MAX_FILE_BYTES)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError(
            f"byte 0x{data[error.start]:02x} is not UTF-8 text",
            where=f"{path}:{line}",
            advice="A table is plain text: is this another file?",
        ) from None

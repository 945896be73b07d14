"""The .param file: the layers of a network as text.

::

    7767517
    3 3
    Input        data   0 1 data 0=227 1=227 2=3
    Convolution  conv1  1 1 data conv1 0=64 1=3 3=2 5=1 6=1728
    ReLU         relu1  1 1 conv1 relu1 0=1.000000e-01

Line 1 is the magic number. Line 2 counts the layers and the blobs. Every further line is a
layer: its type, its name, the number of its bottom and of its top blobs, the names of the
bottoms, the names of the tops, and parameters `key=value` with a key of 0 to 31. Words are
parted by spaces or tabs; blank lines do not count. A value is

- an int (32 bits), or a float (32 bits) if it has a point or an exponent;
- an array, `key=a,b,c` or, as older files have it, `-233KEY=count,a,b,c` with the key in two
  digits (`-23303=2,1,2` is `3=1,2`); all its elements are ints or all are floats;
- a string: a word that begins with a letter, or anything in double quotes.

Names have at most 255 bytes. Source: Tencent/ncnn, src/net.cpp, Net::load_param, and
src/paramdict.cpp, ParamDict::load_param.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import FormatError, GraphError
from workbench.files import replacing
from workbench.formats.param_layer import BLANK, CONTROL, format_layer, parse_layer
from workbench.formats.param_value import parse_int, shorten
from workbench.formats.reading import read_bytes
from workbench.graph import Graph, Layer, first_fault

MAGIC = "7767517"
MAX_FILE_BYTES = 1 << 24

_BINARY = re.compile(rb"[^\t\r -~]")

Line = tuple[int, str]


def read_param(path: str | Path) -> Graph:
    """Read a .param file.

    Args:
        path: the file.

    Returns:
        The network's layers; `Graph.source` holds the text.

    Raises:
        FormatError: the file cannot be read or is not a .param file; names the line.
        GraphError: the layers do not fit together.
    """
    data = read_bytes(path, MAX_FILE_BYTES)
    name = Path(path).name
    _check_head(data[:16], name)
    try:
        source = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"byte 0x{data[error.start]:02x} is not UTF-8 text"
        raise _fault(name, line, problem, "Save the file as UTF-8.") from None
    return parse_param(source, name)


def parse_param(text: str, name: str = "<param>") -> Graph:
    """Parse the text of a .param file.

    Args:
        text: the text.
        name: what error messages call the file.

    Returns:
        The network's layers; `Graph.source` holds the text.

    Raises:
        FormatError: this is not the text of a .param file; names the line.
        GraphError: the layers do not fit together.
    """
    lines = list(_lines(text, name))
    _check_magic(lines, name)
    layers = tuple(parse_layer(line, f"{name}:{number}") for number, line in lines[2:])
    _check_counts(lines[1], layers, name)
    if fault := first_fault(layers):
        index, error = fault
        where = f"{name}:{lines[2 + index][0]}, {error.where}"
        raise GraphError(error.problem, where=where, advice=error.advice)
    return Graph(layers, text)


def layer_lines(text: str) -> tuple[int, ...]:
    """Return the number of each layer's line in a text that `parse_param` accepts, from 1."""
    numbers = (i for i, line in enumerate(text.split("\n"), 1) if line.strip(" \t\r"))
    return tuple(numbers)[2:]


def write_param(text: str, path: str | Path) -> None:
    """Write a .param file; a reader never sees half of it.

    Args:
        text: of `format_param`.
        path: the file, which is replaced if it exists.

    Raises:
        WorkbenchError: the file cannot be written.
    """
    with replacing(path) as part:
        part.write_bytes(text.encode("utf-8"))


def format_param(graph: Graph) -> str:
    """Return the text of a .param file.

    Args:
        graph: the network.

    Returns:
        `graph.source` if it still says the same as the layers, else a text in ncnn's own
        style. Floats are the shortest decimals that read back as the same float32.

    Raises:
        FormatError: the format cannot hold a name or a value.
    """
    lines = [format_layer(layer) for layer in graph.layers]
    if graph.source and lines == [format_layer(same) for same in parse_param(graph.source).layers]:
        return graph.source
    blobs = sum(len(layer.tops) for layer in graph.layers)
    return "\n".join([MAGIC, f"{len(lines)} {blobs}", *lines, ""])


def _fault(name: str, line: int, problem: str, advice: str = "") -> FormatError:
    return FormatError(problem, where=f"{name}:{line}", advice=advice)


def _check_head(head: bytes, name: str) -> None:
    """Recognise what is often given by mistake, before it is decoded as text."""
    if head.startswith(b"\xef\xbb\xbf"):
        problem = "the file begins with a byte order mark"
        raise _fault(name, 1, problem, "ncnn refuses it: save the file as UTF-8 without BOM.")
    if head.startswith(struct.pack("<i", int(MAGIC))):
        problem = "this is a binary .param.bin file"
        raise _fault(name, 1, problem, "Give the .param text that it was made from.")
    if _BINARY.search(head.partition(b"\n")[0]):
        problem = "this is binary data, not the text of a .param file"
        raise _fault(name, 1, problem, "Are .param and .bin swapped, or is it an ONNX file?")


def _lines(text: str, name: str) -> Iterator[Line]:
    """Give each line that is not blank, with its number from 1."""
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if control := CONTROL.search(line):
            problem = f"control character 0x{ord(control[0]):02x} at column {control.start() + 1}"
            raise _fault(name, number, problem, "A .param file is plain text.")
        if not BLANK.match(line):
            yield number, line


def _check_magic(lines: list[Line], name: str) -> None:
    if not lines:
        raise _fault(name, 1, "the file is empty", "Convert the network again.")
    number, line = lines[0]
    if line.strip(" \t") != MAGIC:
        problem = f"the first line is {shorten(line)}, not the magic number {MAGIC}"
        raise _fault(name, number, problem, "Give an ncnn .param file.")
    if len(lines) < 3:
        raise _fault(name, lines[-1][0], "the file ends before the first layer")


def _check_counts(line: Line, layers: tuple[Layer, ...], name: str) -> None:
    number, text = line
    found = f"{len(layers)} {sum(len(layer.tops) for layer in layers)}"
    try:
        told = " ".join(str(parse_int(word)) for word in text.split())
    except ValueError as error:
        raise _fault(name, number, f"number of layers or blobs: {error}") from None
    if told != found:
        problem = f"the numbers of layers and blobs are {shorten(told)}, the file has {found}"
        raise _fault(name, number, problem, f"If no layer is missing, write {found} here.")

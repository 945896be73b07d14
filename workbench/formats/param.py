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
from workbench.formats.param_value import (
    format_value,
    parse_int,
    parse_key,
    parse_value,
    shorten,
)
from workbench.formats.reading import read_bytes
from workbench.graph import Graph, Layer, ParamValue, first_fault

MAGIC = "7767517"
MAX_NAME_BYTES = 255
MAX_FILE_BYTES = 1 << 24

_WORD = re.compile(r"[ \t]*([^ \t]+)")
_PARAM = re.compile(r'[ \t]*([^ \t=]*)=("[^"]*"(?![^ \t])|[^ \t]*)')
_BLANK = re.compile(r"[ \t]*$")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BINARY = re.compile(rb"[^\t\r -~]")
_LIKE_PARAM = re.compile(r"-?[0-9]+=")
_PNNX = re.compile(r"(pnnx|nn|F|torch|Tensor|torchvision)\.|(aten|prim)::")

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
    layers = tuple(_parse_layer(line, f"{name}:{number}") for number, line in lines[2:])
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
        FormatError: the file cannot be written.
    """
    try:
        with replacing(path) as part:
            part.write_bytes(text.encode("utf-8"))
    except OSError as error:
        problem = f"the file cannot be written ({error.strerror or error})"
        raise FormatError(problem, where=str(path), advice="Check the folder.") from error


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
    lines = [_format_layer(layer) for layer in graph.layers]
    if graph.source and lines == [_format_layer(same) for same in parse_param(graph.source).layers]:
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
        if control := _CONTROL.search(line):
            problem = f"control character 0x{ord(control[0]):02x} at column {control.start() + 1}"
            raise _fault(name, number, problem, "A .param file is plain text.")
        if not _BLANK.match(line):
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


class _Words:
    """The words of a line, one after the other, and then what is left of it."""

    def __init__(self, line: str) -> None:
        self.line, self.position = line, 0

    def word(self) -> str:
        match = _WORD.match(self.line, self.position)
        if match is None:
            raise ValueError("the line ends before the last blob name")
        self.position = match.end()
        return match[1]

    def count(self) -> int:
        count = parse_int(self.word())
        if count < 0:
            raise ValueError(f"a layer cannot have {count} blobs")
        return count

    def name(self) -> str:
        return _checked_name(self.word())

    def names(self, count: int) -> tuple[str, ...]:
        return tuple(self.name() for _ in range(count))


def _parse_layer(line: str, where: str) -> Layer:
    try:
        words = _Words(line)
        type, name = _checked_type(words.name()), words.name()
        bottom_count, top_count = words.count(), words.count()
        bottoms, tops = words.names(bottom_count), words.names(top_count)
        return Layer(type, name, bottoms, tops, dict(_params(line, words.position)))
    except ValueError as error:
        advice = "A layer is: type name, two counts, the blobs, key=value."
        raise FormatError(str(error), where=where, advice=advice) from None


def _params(line: str, position: int) -> Iterator[tuple[int, ParamValue]]:
    seen: set[int] = set()
    while not _BLANK.match(line, position):
        match = _PARAM.match(line, position)
        if match is None:
            raise ValueError(f"{shorten(line[position : position + 50].strip())} is not key=value")
        id, counted = parse_key(match[1])
        if id in seen:
            raise ValueError(f"key {id} is given twice")
        seen.add(id)
        try:
            yield id, parse_value(match[2], counted)
        except ValueError as error:
            raise ValueError(f"key {id}: {error}") from None
        position = match.end()


def _checked_type(type: str) -> str:
    if _PNNX.match(type):
        raise ValueError(
            f"{shorten(type)} is an operator of pnnx's own format:"
            " give the .ncnn.param that pnnx wrote beside this file"
        )
    return type


def _checked_name(name: str) -> str:
    if not name or _CONTROL.search(name) or " " in name or "\t" in name or "\n" in name:
        raise ValueError(f"the name {shorten(name)} is empty or has blanks")
    if len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
        raise ValueError(f"the name {shorten(name)} is longer than {MAX_NAME_BYTES} bytes")
    if _LIKE_PARAM.match(name):
        raise ValueError(f"there is {shorten(name)} where a name should be")
    return name


def _format_layer(layer: Layer) -> str:
    try:
        type, name = _checked_name(layer.type), _checked_name(layer.name)
        blobs = [_checked_name(blob) for blob in (*layer.bottoms, *layer.tops)]
        params = [format_value(id, value) for id, value in layer.params.items()]
    except ValueError as error:
        raise FormatError(str(error), where=f"layer {layer.name} ({layer.type})") from None
    head = f"{type:<24} {name:<24} {len(layer.bottoms)} {len(layer.tops)}"
    return " ".join([head, *blobs, *params])

"""One layer's line of a .param file: its text to Python and back.

The format is told in `workbench.formats.param`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.errors import FormatError
from workbench.formats.param_value import format_value, parse_int, parse_key, parse_value, shorten
from workbench.graph import Layer, ParamValue

MAX_NAME_BYTES = 255

_WORD = re.compile(r"[ \t]*([^ \t]+)")
_PARAM = re.compile(r'[ \t]*([^ \t=]*)=("[^"]*"(?![^ \t])|[^ \t]*)')
BLANK = re.compile(r"[ \t]*$")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LIKE_PARAM = re.compile(r"-?[0-9]+=")
_PNNX = re.compile(r"(pnnx|nn|F|torch|Tensor|torchvision)\.|(aten|prim)::")


def parse_layer(line: str, where: str) -> Layer:
    """Parse a layer's line.

    Raises:
        FormatError: this is no layer; `where` says which line it is.
    """
    try:
        words = _Words(line)
        type, name = _checked_type(words.name()), words.name()
        bottom_count, top_count = words.count(), words.count()
        bottoms, tops = words.names(bottom_count), words.names(top_count)
        return Layer(type, name, bottoms, tops, dict(_params(line, words.position)))
    except ValueError as error:
        advice = "A layer is: type name, two counts, the blobs, key=value."
        raise FormatError(str(error), where=where, advice=advice) from None


def format_layer(layer: Layer) -> str:
    """Return a layer's line in ncnn's own style.

    Raises:
        FormatError: the format cannot hold a name or a value.
    """
    try:
        type, name = _checked_name(layer.type), _checked_name(layer.name)
        blobs = [_checked_name(blob) for blob in (*layer.bottoms, *layer.tops)]
        params = [format_value(id, value) for id, value in layer.params.items()]
    except ValueError as error:
        raise FormatError(str(error), where=f"layer {layer.name} ({layer.type})") from None
    head = f"{type:<24} {name:<24} {len(layer.bottoms)} {len(layer.tops)}"
    return " ".join([head, *blobs, *params])


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


def _params(line: str, position: int) -> Iterator[tuple[int, ParamValue]]:
    seen: set[int] = set()
    while not BLANK.match(line, position):
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
    if not name or CONTROL.search(name) or " " in name or "\t" in name or "\n" in name:
        raise ValueError(f"the name {shorten(name)} is empty or has blanks")
    if len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
        raise ValueError(f"the name {shorten(name)} is longer than {MAX_NAME_BYTES} bytes")
    if _LIKE_PARAM.match(name):
        raise ValueError(f"there is {shorten(name)} where a name should be")
    return name

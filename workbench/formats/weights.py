"""The .bin file: the weights of a network.

There is no header, and no mark between arrays: the arrays of all layers follow one another in
the order of the .param file, and the parameters of each layer tell how many there are and how
long they are (`workbench.ops`). All numbers are little-endian. An array is one of

- *raw*: float32, nothing before them (biases, scales, statistics);
- *packed*: bytes, nothing before them (weights of 8 bits and less in blocks);
- *tagged* (main weights): 4 bytes that say what follows:

  ==========  ==========  ===================================================
  tag         encoding    what follows
  ==========  ==========  ===================================================
  0x00000000  float32     float32
  0x01306B47  float16     IEEE half precision
  0x01348B83  bfloat16    the upper halves of float32
  0x000D4B38  int8        int8; the scales are raw arrays of the same layer
  0x0002C056  extra       float32, as in files made for the first int8 ncnn
  0x00000001  table       256 float32, then a uint8 index into them for each
  ==========  ==========  ===================================================

Each array is padded to a multiple of 4 bytes. ncnn takes any other tag for a table too; here
it is an error, for no tool writes one. Source: Tencent/ncnn, src/modelbin.cpp,
ModelBinFromDataReader::load.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from workbench.errors import FormatError, WorkbenchWarning
from workbench.files import replacing
from workbench.formats.reading import read_bytes
from workbench.formats.weight import ENCODINGS, TAG_BYTES, Weight
from workbench.graph import Graph, Layer
from workbench.ops import WeightSpec, op_of, weights

__all__ = ["Weight", "Weights", "format_weights", "parse_weights", "read_weights", "write_weights"]

_BY_TAG = {encoding.tag: name for name, encoding in ENCODINGS.items() if encoding.tag is not None}
_MOST_BYTES = 1 << 33


class Weights(Mapping[str, tuple[Weight, ...]]):
    """The weights of each layer that has some, by the layer's name, in file order.

    Attributes:
        rest: bytes whose layers are not known: what follows a layer of an unknown type, or
            what is left after the last layer.
    """

    def __init__(self, layers: Mapping[str, Sequence[Weight]], rest: bytes | memoryview = b""):
        found = {name: tuple(arrays) for name, arrays in layers.items() if arrays}
        self._layers = MappingProxyType(found)
        self.rest = bytes(rest)

    def __getitem__(self, name: str) -> tuple[Weight, ...]:
        return self._layers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)


def read_weights(graph: Graph, path: str | Path) -> Weights:
    """Read a .bin file.

    Args:
        graph: the network whose weights they are.
        path: the file.

    Returns:
        The weights of each layer.

    Raises:
        FormatError: the file cannot be read, or is not this network's; names byte and layer.
        GraphError: a layer's parameters do not say how long its weights are.
    """
    data = read_bytes(path, _MOST_BYTES)
    return parse_weights(graph, data, Path(path).name)


def parse_weights(graph: Graph, data: bytes, name: str = "<bin>") -> Weights:
    """Take the bytes of a .bin file apart.

    After a layer of an unknown type the rest is kept as it is, unless it fits the other
    layers to the byte as if the unknown ones had no weights.

    Args:
        graph: the network whose weights they are.
        data: the bytes of the file.
        name: what messages call the file.

    Returns:
        The weights of each layer; they share the memory of `data`.

    Raises:
        FormatError: the bytes are not this network's; names byte and layer.
        GraphError: a layer's parameters do not say how long its weights are.
    """
    unknown = next((i for i, layer in enumerate(graph.layers) if op_of(layer) is None), None)
    if unknown is not None:
        try:
            whole, end = _take_layers(graph.layers, data, name)
            if end == len(data):
                return Weights(whole)
        except FormatError:
            pass
    found, end = _take_layers(graph.layers[:unknown], data, name)
    if unknown is None and end < len(data):
        _warn_of_rest(name, len(data) - end)
    return Weights(found, memoryview(data)[end:])


def write_weights(graph: Graph, weights: Mapping[str, Sequence[Weight]], path: str | Path) -> None:
    """Write a .bin file; a reader never sees half of it.

    Args:
        graph: the network whose weights they are.
        weights: the weights of each layer. The bytes of `Weights.rest` follow them.
        path: the file, which is replaced if it exists.

    Raises:
        FormatError: the weights are not those that the layers need.
        WorkbenchError: the file cannot be written.
    """
    parts = list(format_weights(graph, weights))
    with replacing(path) as part, part.open("wb") as stream:
        stream.writelines(parts)


def format_weights(
    graph: Graph, found: Mapping[str, Sequence[Weight]]
) -> Iterator[bytes | memoryview]:
    """Give the bytes of a .bin file, array by array.

    Args:
        graph: the network whose weights they are.
        found: the weights of each layer.

    Raises:
        FormatError: the weights are not those that the layers need.
    """
    rest = found.rest if isinstance(found, Weights) else b""
    in_rest = False
    for layer in graph.layers:
        in_rest = in_rest or (bool(rest) and op_of(layer) is None)
        arrays = found.get(layer.name, ())
        _check_arrays(layer, () if in_rest else weights(layer), arrays)
        yield from (array.data for array in arrays)
    if strangers := set(found) - set(graph.by_name):
        raise FormatError("the network has no such layer", where=f"weights of {min(strangers)}")
    yield rest


def _take_layers(
    layers: Sequence[Layer], data: bytes, name: str
) -> tuple[dict[str, tuple[Weight, ...]], int]:
    """Return the weights of layers, and where the next byte is."""
    _check_head(data, name)
    found, offset, view = {}, 0, memoryview(data)
    for layer in layers:
        arrays = []
        for spec in weights(layer):
            where = f"{name}, byte {offset}, {spec.name} of layer {layer.name} ({layer.type})"
            arrays.append(_take(view, offset, spec, where))
            offset += len(arrays[-1].data)
        found[layer.name] = tuple(arrays)
    return found, offset


def _check_head(data: bytes, name: str) -> None:
    if data.startswith(b"7767517"):
        advice = "Are .param and .bin swapped?"
        raise FormatError("this is a .param file, not weights", where=name, advice=advice)


def _take(data: memoryview, offset: int, spec: WeightSpec, where: str) -> Weight:
    encoding = _encoding_at(data, offset, where) if spec.load == "tagged" else spec.load
    size = ENCODINGS[encoding].size(spec.count)
    if size > len(data) - offset:
        raise FormatError(
            f"{size} bytes are needed for {spec.count} numbers, there are {len(data) - offset}",
            where=where,
            advice="The file is cut off, or belongs to another network.",
        )
    weight = Weight(spec.name, encoding, spec.count, data[offset : offset + size])
    _check_weight(weight, spec, where)
    return weight


def _encoding_at(data: memoryview, offset: int, where: str) -> str:
    tag = int.from_bytes(data[offset : offset + TAG_BYTES], "little")
    if tag not in _BY_TAG or len(data) < offset + TAG_BYTES:
        raise FormatError(
            f"no weights begin here: 0x{tag:08x} is not a tag",
            where=where,
            advice="The file is damaged or cut off, or belongs to another network.",
        )
    return _BY_TAG[tag]


def _check_arrays(layer: Layer, specs: Sequence[WeightSpec], arrays: Sequence[Weight]) -> None:
    where = f"layer {layer.name} ({layer.type})"
    needed = [(spec.name, spec.count) for spec in specs]
    given = [(array.name, array.count) for array in arrays]
    if needed != given:
        raise FormatError(f"needs the weights {needed}, not {given}", where=where)
    for spec, array in zip(specs, arrays, strict=True):
        read = _take(memoryview(array.data), 0, spec, f"{spec.name} of {where}")
        if (read.encoding, len(read.data)) != (array.encoding, len(array.data)):
            problem = (
                f"its {len(array.data)} bytes are not {array.count} numbers as {array.encoding}"
            )
            raise FormatError(problem, where=f"{spec.name} of {where}")


def _check_weight(weight: Weight, spec: WeightSpec, where: str) -> None:
    if spec.int8 != "may" and (weight.encoding == "int8") != (spec.int8 == "must"):
        expected, found = ("int8", "floats") if spec.int8 == "must" else ("floats", "int8")
        raise FormatError(
            f"the weights are {found}, and the parameters of the layer say {expected}",
            where=where,
            advice="ncnn would misread them: is this the .bin of another .param?",
        )
    if not weight.is_finite():
        raise FormatError(
            "has NaN or infinite numbers",
            where=where,
            advice="They can crash ncnn: convert the network again.",
        )


def _warn_of_rest(name: str, count: int) -> None:
    warnings.warn(
        f"{name}: {count} bytes follow the last layer's weights; ncnn ignores them, and they are"
        " kept. Is this the .bin of another network?",
        WorkbenchWarning,
        stacklevel=2,
    )

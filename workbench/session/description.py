"""What each layer of a network is, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

from workbench.calibration.inputs import Item
from workbench.calibration.worker import as_mapping
from workbench.errors import InputError
from workbench.graph import Layer, ParamValue
from workbench.model import Model, blob_shapes
from workbench.ops import Param, Shape, Values, op_of, values
from workbench.ops.activation import ACTIVATIONS
from workbench.ops.elementwise import BINARY, ELTWISE, UNARY

_MEANING: Mapping[tuple[str, str], Sequence[str]] = {
    ("BinaryOp", "op_type"): BINARY,
    ("UnaryOp", "op_type"): UNARY,
    ("Eltwise", "op_type"): ELTWISE,
    ("Pooling", "pooling_type"): ("max", "average"),
}
_PADS = ("pad_left", "pad_right", "pad_top", "pad_bottom")
_NOT_SAID = ("weight_data_size", "fixbug0", *_PADS)
_AUTOMATIC = -233


@dataclass(frozen=True)
class Description:
    """One layer in words.

    Attributes:
        layer: its name.
        type: ncnn's layer type.
        about: what the type computes, in one line; empty for a type that is not known.
        bottoms, tops: the blobs that it reads and writes, each with its shape (channels x
            height x width, "?" for a length that is not known).
        settings: its parameters that are not ncnn's defaults, e.g. "kernel 3 x 3".
    """

    layer: str
    type: str
    about: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    settings: tuple[str, ...]


def describe(model: Model, probes: Sequence[Item] = ()) -> Mapping[str, Description]:
    """Describe every layer.

    Args:
        model: the network.
        probes: inputs, the first of which gives the blobs their heights and widths.

    Returns:
        The descriptions by the layers' names.
    """
    shapes = blob_shapes(model.graph, _input_shapes(model, probes))
    return MappingProxyType(
        {
            layer.name: Description(
                layer=layer.name,
                type=layer.type,
                about=op.about if (op := op_of(layer)) else "",
                bottoms=tuple(_blob(blob, shapes[blob]) for blob in layer.bottoms),
                tops=tuple(_blob(blob, shapes[blob]) for blob in layer.tops),
                settings=tuple(_settings(layer)),
            )
            for layer in model.graph.layers
        }
    )


def _input_shapes(model: Model, probes: Sequence[Item]) -> Mapping[str, Shape] | None:
    """The shapes of the first probe; None if there is none that can be read."""
    with suppress(InputError):
        if len(probes):
            return {name: array.shape for name, array in as_mapping(model, probes[0]).items()}
    return None


def _blob(name: str, shape: Shape) -> str:
    lengths = " × ".join("?" if n is None else str(n) for n in shape or (None,))
    return f"{name} ({lengths})"


def _settings(layer: Layer) -> Iterator[str]:
    op = op_of(layer)
    if op is None:
        return
    given = values(layer)
    by_name = {param.name: param for param in op.params}
    for param in op.params:
        name, value = param.name, given[param.name]
        base = name.removesuffix("_w")
        shown = value != _default(param, given) or (layer.type, name) in _MEANING
        if base != name and f"{base}_h" in by_name:
            high = given[f"{base}_h"]
            if shown or high != value:
                yield f"{_words(base)} {value} × {high}"
        elif shown and name not in _NOT_SAID and not _is_height(name, by_name):
            yield _setting(layer.type, name, value)
    yield from _pads([given[name] for name in _PADS if name in by_name])


def _setting(type: str, name: str, value: ParamValue) -> str:
    if name == "bias_term":
        return "with bias"
    return f"{_words(name.removesuffix('_type'))} {_meaning(type, name, value)}"


def _pads(pads: Sequence[int]) -> Iterator[str]:
    if any(pads):
        sides = (f"{_words(name)} {pad}" for name, pad in zip(_PADS, pads, strict=False))
        yield f"pad {_meaning('', '', pads[0])}" if len(set(pads)) == 1 else ", ".join(sides)


def _is_height(name: str, by_name: Mapping[str, Param]) -> bool:
    return name.endswith("_h") and f"{name.removesuffix('_h')}_w" in by_name


def _default(param: Param, given: Values) -> ParamValue:
    return param.default(given) if callable(param.default) else param.default


def _meaning(type: str, name: str, value: ParamValue) -> str:
    names = ACTIVATIONS if name == "activation_type" else _MEANING.get((type, name), ())
    if isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    if isinstance(value, tuple):
        return ", ".join(_meaning(type, name, element) for element in value)
    if value == _AUTOMATIC:
        return "automatic"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _words(name: str) -> str:
    return name.replace("_", " ")

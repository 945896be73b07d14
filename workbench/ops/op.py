"""The record of one layer type: its parameters, its weights, its blobs, what it does.

Each family of ops has a file in this folder, with a tuple `OPS` of these records.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Any, Literal

from workbench.graph import ParamValue
from workbench.ops.scale_rules import ScaleRule, Scales
from workbench.ops.shape_rules import ShapeRule, unknown

Kind = Literal["int", "float", "ints", "floats", "text"]
Load = Literal["tagged", "raw", "packed"]
Int8 = Literal["never", "may", "must"]
Count = tuple[int, int | None]

INT_MAX = 2**31 - 1
FLOAT_MAX = 3.4028234663852886e38

ONE: Count = (1, 1)
TWO: Count = (2, 2)
SOME: Count = (1, None)


class Values(Mapping[str, Any]):
    """All parameters of a layer by name, as items and as attributes: `values.kernel_w`."""

    def __init__(self, by_name: Mapping[str, ParamValue]) -> None:
        self._by_name = MappingProxyType(dict(by_name))

    def __getitem__(self, name: str) -> Any:
        return self._by_name[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._by_name:
            raise AttributeError(f"no parameter is named {name!r}")
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.items())
        return f"Values({inside})"


@dataclass(frozen=True)
class Same:
    """A default that is another parameter's value, e.g. kernel_h = kernel_w."""

    name: str

    def __call__(self, values: Values) -> ParamValue:
        """Return the value of the other parameter."""
        value: ParamValue = values[self.name]
        return value


Default = ParamValue | Callable[[Values], ParamValue]
Rule = Callable[[Values], Iterable[str]]


@dataclass(frozen=True)
class Param:
    """One parameter of a layer type.

    Attributes:
        id: its key in the .param line.
        name: the name of ncnn's own documentation.
        kind: "int", "float", "ints" or "floats" (arrays), "text".
        default: the value when the line has no such key: a constant, or what follows from the
            parameters that stand before this one.
        low: least legal value, if there is one.
        high: greatest legal value, if there is one.
    """

    id: int
    name: str
    kind: Kind
    default: Default
    low: int | None = None
    high: int | None = None


def integer(
    id: int, name: str, default: Default = 0, low: int | None = None, high: int | None = None
) -> Param:
    """Describe an int parameter."""
    return Param(id, name, "int", default, low, high)


def flag(id: int, name: str, default: int = 0) -> Param:
    """Describe an int parameter that ncnn only asks whether it is zero."""
    return Param(id, name, "int", default)


def real(id: int, name: str, default: Default = 0.0) -> Param:
    """Describe a float parameter; a constant default is rounded to float32."""
    if isinstance(default, float):
        default = struct.unpack("<f", struct.pack("<f", default))[0]
    return Param(id, name, "float", default)


def integers(id: int, name: str, low: int | None = None, high: int | None = None) -> Param:
    """Describe an array of ints; `low` and `high` hold for each element."""
    return Param(id, name, "ints", (), low, high)


def reals(id: int, name: str) -> Param:
    """Describe an array of floats."""
    return Param(id, name, "floats", ())


def text(id: int, name: str) -> Param:
    """Describe a string."""
    return Param(id, name, "text", "")


@dataclass(frozen=True)
class WeightSpec:
    """One array of weights as it lies in the .bin file.

    Attributes:
        name: ncnn's name without "_data", e.g. "weight", "bias", "weight_int8_scales".
        shape: as a NumPy array, the slowest axis first.
        load: "tagged" if a flag tag of 4 bytes stands before it and says how it is encoded
            (ncnn's type 0), "raw" for float32 without a tag (type 1), "packed" for bytes
            without a tag (types 3, 4, 6 and 8).
        int8: whether its encoding may or must be int8. ncnn turns some float weights into int8
            while it loads; others it takes for int8 as they are.
    """

    name: str
    shape: tuple[int, ...]
    load: Load = "raw"
    int8: Int8 = "never"

    @property
    def count(self) -> int:
        """Number of elements."""
        return prod(self.shape)


def tagged(name: str, *shape: int, int8: Int8 = "never") -> WeightSpec:
    """Describe weights behind a flag tag."""
    return WeightSpec(name, shape, "tagged", int8)


def raw(name: str, *shape: int) -> WeightSpec:
    """Describe float32 weights without a tag."""
    return WeightSpec(name, shape, "raw")


def packed(name: str, *shape: int) -> WeightSpec:
    """Describe bytes without a tag."""
    return WeightSpec(name, shape, "packed")


def raws(*names: str, size: str) -> Callable[[Values], tuple[WeightSpec, ...]]:
    """Describe raw arrays whose length is the parameter `size`."""
    return lambda values: tuple(raw(name, values[size]) for name in names)


def no_weights(values: Values) -> tuple[WeightSpec, ...]:
    """Return nothing: the rule of an op without weights."""
    return ()


@dataclass(frozen=True)
class Op:
    """All that the workbench knows of one layer type.

    Attributes:
        type: ncnn's name of it, e.g. "Convolution".
        about: what it computes, in one line for a learner.
        params: its parameters; a default may only look at the ones before it.
        weights: its arrays in the order of the .bin file, given its parameters.
        bottoms: least and greatest number of bottom blobs (None: no limit), or a function
            that finds them from the parameters.
        tops: the same for top blobs.
        rules: what must hold among its parameters; each yields a sentence for each breach.
        shapes: the shapes of its tops, given those of its bottoms.
        scales: how the scales of int8 bottoms and tops relate; None if it computes in float.
    """

    type: str
    about: str
    params: tuple[Param, ...] = ()
    weights: Callable[[Values], Iterable[WeightSpec]] = no_weights
    bottoms: Count | Callable[[Values], Count] = ONE
    tops: Count | Callable[[Values], Count] = ONE
    rules: tuple[Rule, ...] = ()
    shapes: ShapeRule = unknown
    scales: Scales | None = None

    def scale_rule(self, values: Values) -> ScaleRule | str:
        """Return the rule for these parameters, or a text that says why there is none."""
        if self.scales is None:
            return f"{self.type} computes in float"
        return self.scales if isinstance(self.scales, ScaleRule) else self.scales(values)

"""Everything the workbench knows of ncnn's layer types, a file for each family.

`OPS` is collected from the modules of this folder: a new op is a new record in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from workbench.errors import GraphError
from workbench.graph import Layer, ParamValue
from workbench.ops.op import Op, Param, Values, WeightSpec
from workbench.ops.shape_rules import MisfitError, Shape

__all__ = [
    "OPS",
    "Op",
    "Param",
    "Shape",
    "Values",
    "WeightSpec",
    "check",
    "op_of",
    "shapes",
    "values",
    "weights",
]


def _collect() -> Iterator[Op]:
    for module in iter_modules(__path__):
        if not module.ispkg:  # the kernels are for the simulator to load
            yield from getattr(import_module(f"{__name__}.{module.name}"), "OPS", ())


OPS: Mapping[str, Op] = MappingProxyType({op.type: op for op in _collect()})


def op_of(layer: Layer) -> Op | None:
    """Return the record of the layer's type, or None for a type that is not known."""
    return OPS.get(layer.type)


def values(layer: Layer) -> Values:
    """Return all parameters of a layer, defaults filled in.

    Args:
        layer: a layer of a known type.

    Returns:
        The parameters by name, as ncnn reads them: an int written where a float is expected
        becomes a float.

    Raises:
        GraphError: the type is not known, or a value is not of the parameter's kind.
    """
    op = op_of(layer)
    if op is None:
        raise _error(layer, "the workbench does not know this layer type")
    found: dict[str, ParamValue] = {}
    for param in op.params:
        found[param.name] = _value(layer, param, found)
    return Values(found)


def weights(layer: Layer) -> tuple[WeightSpec, ...]:
    """Return the arrays that a layer has in the .bin file, in order.

    Args:
        layer: a layer of a known type.

    Raises:
        GraphError: the layer does not pass `check`.
    """
    check(layer)
    op = op_of(layer)
    return tuple(op.weights(values(layer))) if op else ()


def check(layer: Layer) -> None:
    """Check a layer by itself: parameters, number of blobs, number of weights.

    A layer of a type that is not known passes.

    Raises:
        GraphError: ncnn would refuse this layer, misread it, or crash on it.
    """
    op = op_of(layer)
    if op is None:
        return
    found = values(layer)
    for param in op.params:
        _check_range(layer, param, found[param.name])
    for rule in op.rules:
        for problem in rule(found):
            raise _error(layer, problem)
    _check_blobs(layer, "bottom", len(layer.bottoms), op.bottoms, found)
    _check_blobs(layer, "top", len(layer.tops), op.tops, found)
    for spec in op.weights(found):
        if min(spec.shape) < 1:
            raise _error(layer, f"its {spec.name} would have no element: shape {spec.shape}")


def shapes(layer: Layer, bottoms: Sequence[Shape]) -> tuple[Shape, ...]:
    """Return the shapes of a layer's tops, as far as they follow from those of its bottoms.

    Args:
        layer: a layer that passes `check`.
        bottoms: the shapes of its bottoms; None where nothing is known.

    Raises:
        GraphError: the shapes do not fit the layer's weights, or each other.
    """
    op = op_of(layer)
    if op is None:
        return (None,) * len(layer.tops)
    try:
        return tuple(op.shapes(values(layer), bottoms, len(layer.tops)))
    except MisfitError as error:
        advice = (
            "Is this the shape that the network was made for? Else this layer, or the .bin file, "
            "is that of another network."
        )
        raise _error(layer, str(error), advice) from None


def _value(layer: Layer, param: Param, found: Mapping[str, ParamValue]) -> ParamValue:
    default = param.default(Values(found)) if callable(param.default) else param.default
    given = layer.params.get(param.id, default)
    if param.kind == "float" and isinstance(given, int):
        return float(given)
    if param.kind == "floats" and isinstance(given, tuple):
        return tuple(float(element) for element in given)
    if _is_kind(given, param):
        return given
    if given == default:
        return default
    raise _error(
        layer,
        f"{param.name} (key {param.id}) is {_short(given)}, not {_KINDS[param.kind]}",
        f"ncnn would ignore it and take {default!r}.",
    )


_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "ints": "an array of whole numbers",
    "floats": "an array of numbers",
    "text": "a string",
}


def _is_kind(given: ParamValue, param: Param) -> bool:
    if param.kind == "ints":
        return isinstance(given, tuple) and all(isinstance(element, int) for element in given)
    plain = {"int": int, "float": float, "text": str}
    return param.kind in plain and isinstance(given, plain[param.kind])


def _check_range(layer: Layer, param: Param, value: ParamValue) -> None:
    elements = value if isinstance(value, tuple) else (value,)
    for element in elements:
        if isinstance(element, str):
            continue
        if param.low is not None and element < param.low:
            raise _range_error(layer, param, element, f"at least {param.low}")
        if param.high is not None and element > param.high:
            raise _range_error(layer, param, element, f"at most {param.high}")


def _check_blobs(layer: Layer, side: str, count: int, legal: object, found: Values) -> None:
    low, high = legal(found) if callable(legal) else legal  # type: ignore[misc]
    if count < low or (high is not None and count > high):
        wanted = str(low) if high == low else f"{low} to {high}" if high else f"{low} or more"
        raise _error(layer, f"it has {count} {side} blobs, and needs {wanted}")


def _range_error(layer: Layer, param: Param, value: float, limit: str) -> GraphError:
    return _error(layer, f"{param.name} (key {param.id}) is {value}, and must be {limit}")


def _short(value: ParamValue) -> str:
    written = repr(value)
    return written if len(written) <= 40 else f"{written[:37]}..."


def _error(layer: Layer, problem: str, advice: str = "") -> GraphError:
    where = f"layer {layer.name} ({layer.type})"
    return GraphError(problem, where=where, advice=advice or "Mend this layer's line.")

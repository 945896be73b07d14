"""RUNTIME: ops that move elements. They work on arrays of any dtype, also on channel numbers.

The bottoms of a Concat must share a scale (or have a scale for each channel).

Source: Tencent/ncnn, src/layer/concat.cpp, slice.cpp, permute.cpp, reshape.cpp, crop.cpp,
shufflechannel.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import GraphError
from workbench.ops.op import Values

Array = NDArray[Any]

_WHOLE = -233
_ORDERS = {
    2: "wh hw",
    3: "whc hwc wch cwh hcw chw",
    4: "whdc hwdc wdhc dwhc hdwc dhwc whcd hwcd wchd cwhd hcwd chwd "
    "wdch dwch wcdh cwdh dcwh cdwh hdcw dhcw hcdw chdw dchw cdhw",
}
"""What order_type of a Permute means: for each number of axes the order, the fastest first."""


def concat(values: Values, bottoms: Sequence[Array]) -> Array:
    """Blobs one after the other along `axis`, which counts from the slowest."""
    return np.concatenate(bottoms, axis=values.axis)


def cut(values: Values, x: Array, tops: int) -> tuple[Array, ...]:
    """Slice: parts of a blob along `axis`, given by their lengths or by where they end.

    A length of -233 takes an equal share of what is left.
    """
    whole, start = x.shape[values.axis], 0
    parts = []
    for i in range(tops):
        end = start + _length(values, i, whole, start, tops)
        parts.append(np.take(x, range(start, end), axis=values.axis))
        start = end
    return tuple(parts)


def _length(values: Values, i: int, whole: int, start: int, tops: int) -> int:
    if not values.indices:
        length: int = values.slices[i]
        return (whole - start) // (tops - i) if length == _WHOLE else length
    end: int = whole if i == tops - 1 else values.indices[i]
    return (end + whole if end < 0 else end) - start


def permute(values: Values, x: Array) -> Array:
    """Exchange axes by `order_type`.

    Raises:
        GraphError: the blob has too few axes for this order.
    """
    if x.ndim == 1:
        return x
    orders = _ORDERS[x.ndim].split()
    if values.order_type >= len(orders):
        raise GraphError(f"order_type {values.order_type} is not for a blob of {x.ndim} axes")
    axes = _axes(x)
    return np.ascontiguousarray(
        x.transpose([axes.index(a) for a in orders[values.order_type][::-1]])
    )


def flatten(x: Array) -> Array:
    """All elements in one row."""
    return x.reshape(-1)


def reshape(values: Values, x: Array) -> Array:
    """The same elements in the shape (c, d, h, w), as far as it is given.

    A length of 0 stands for that of the bottom, -1 for what is left over.

    Raises:
        GraphError: the shape is an expression, or does not fit the elements.
    """
    given = sorted(takewhile(lambda axis: values[axis] != _WHOLE, "whcd"), key="cdhw".index)
    if values.shape_expr or not given:
        raise GraphError("a Reshape by an expression has no fixed shape")
    lengths = {"c": 1, "d": 1, "h": 1} | dict(zip(_axes(x), x.shape, strict=True))
    shape = [values[axis] or lengths[axis] for axis in given]
    try:
        return x.reshape(shape)
    except ValueError:
        raise GraphError(f"its input has the shape {x.shape}, which is not {shape}") from None


def shuffle(values: Values, x: Array) -> Array:
    """ShuffleChannel: channel j of group i goes to place groups * j + i.

    Eight channels in 2 groups come out as 0 4 1 5 2 6 3 7. `reverse` takes that back.

    Raises:
        GraphError: the channels do not divide into the groups.
    """
    channels = x.shape[0] if x.ndim >= 3 else 1
    if channels % values.group:
        raise GraphError(f"its input has {channels} channels, no multiple of {values.group}")
    if channels == 1:
        return x
    groups = channels // values.group if values.reverse else values.group
    dealt = x.reshape(groups, channels // groups, *x.shape[1:])
    return dealt.swapaxes(0, 1).reshape(x.shape)


def crop(values: Values, x: Array, reference: Array | None = None) -> Array:
    """A part of a blob: from offsets on, as large as given, or as the reference is.

    Raises:
        GraphError: the part is given by an expression or in the reference's elements, is empty,
            or reaches beyond the blob.
    """
    if values.woffset == _WHOLE or any(values[f"{end}_expr"] for end in ("starts", "ends", "axes")):
        raise GraphError("a Crop by an expression, or by numbers in a blob, has no fixed part")
    if values.starts and values.ends:
        part = _numpy_part(values, x.shape)
    else:
        part = [_part(values, axis, x, reference) for axis in _axes(x)]
    if any(not 0 <= s.start < s.stop <= n for s, n in zip(part, x.shape, strict=True)):
        raise GraphError(f"its part {part} does not lie within its input, {x.shape}")
    return np.ascontiguousarray(x[tuple(part)])


def _part(values: Values, axis: str, x: Array, reference: Array | None) -> slice:
    length, start = x.shape[_axes(x).index(axis)], values[f"{axis}offset"]
    if reference is not None:
        if axis == "c" and reference.ndim != x.ndim:
            return slice(start, start + length)
        lengths = dict(zip(_axes(reference), reference.shape, strict=True))
        return slice(start, start + lengths.get(axis, 1))
    end, wanted = length - values[f"{axis}offset2"], values[f"out{axis}"]
    return slice(start, end if wanted == _WHOLE else min(end, start + wanted))


def _numpy_part(values: Values, shape: tuple[int, ...]) -> list[slice]:
    part = [slice(0, length) for length in shape]
    axes = values.axes or range(len(shape))
    for axis, start, end in zip(axes, values.starts, values.ends, strict=False):
        length = shape[axis]
        first = 0 if start == _WHOLE else start if start >= 0 else length + start
        last = length if end == _WHOLE else min(length, end if end > 0 else length + end)
        part[axis] = slice(first, last)
    return part


def _axes(x: Array) -> str:
    return "cdhw" if x.ndim == 4 else "chw"[-x.ndim :]

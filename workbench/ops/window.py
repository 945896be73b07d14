"""Windows that slide over a blob: kernel, dilation, stride and border along one to three axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from workbench.ops.op import INT_MAX, Param, Same, Values, integer
from workbench.ops.shape_rules import SAME_LOWER, SAME_UPPER, MisfitError, Shape, slide

PADS = {
    "w": ("pad_left", "pad_right"),
    "h": ("pad_top", "pad_bottom"),
    "d": ("pad_front", "pad_behind"),
}


def kernel(axes: int) -> tuple[Param, ...]:
    """Describe kernel, dilation and stride along w, then h and d, which follow w by default."""
    wide = (
        integer(1, "kernel_w"),
        integer(2, "dilation_w", 1, low=1),
        integer(3, "stride_w", 1, low=1),
    )
    high = (
        integer(11, "kernel_h", Same("kernel_w")),
        integer(12, "dilation_h", Same("dilation_w"), low=1),
        integer(13, "stride_h", Same("stride_w"), low=1),
    )
    deep = (
        integer(21, "kernel_d", Same("kernel_w")),
        integer(22, "dilation_d", Same("dilation_w"), low=1),
        integer(23, "stride_d", Same("stride_w"), low=1),
    )
    return (*wide, *(high if axes > 1 else ()), *(deep if axes > 2 else ()))


def pads(axes: int) -> tuple[Param, ...]:
    """Describe the border: left and right, then above and below, then in front and behind."""
    wide = (integer(4, "pad_left"), integer(15, "pad_right", Same("pad_left")))
    high = (
        integer(14, "pad_top", Same("pad_left")),
        integer(16, "pad_bottom", Same("pad_top")),
    )
    deep = (
        integer(24, "pad_front", Same("pad_left")),
        integer(17, "pad_behind", Same("pad_front")),
    )
    return (*wide, *(high if axes > 1 else ()), *(deep if axes > 2 else ()))


def kernel_of(values: Values) -> tuple[int, ...]:
    """Return the kernel's size along each axis, the slowest first: (d, h, w), (h, w) or (w,)."""
    return tuple(values[f"kernel_{axis}"] for axis in "dhw" if f"kernel_{axis}" in values)


def image_shape(shape: Shape, axes: int) -> tuple[int | None, ...] | None:
    """Return channels and lengths of a blob for a window with `axes` axes; None if not known.

    A blob with one axis less is a single channel.

    Raises:
        MisfitError: the blob has another number of axes.
    """
    if shape is None or len(shape) == axes + 1:
        return shape
    if len(shape) != axes:
        raise MisfitError(f"its input has {len(shape)} axes, and it needs {axes + 1}")
    return (1, *shape) if axes < 3 else None


def window_shape(values: Values, lengths: Sequence[int | None]) -> list[int | None]:
    """Return how many windows fit along each axis, the slowest first.

    Raises:
        MisfitError: the window is larger than the blob, or ncnn cannot make the border.
    """
    _check_same(values, lengths)
    found = []
    for length, axis in zip(lengths, "dhw"[-len(lengths) :], strict=True):
        border = (values[name] for name in PADS[axis])
        found.append(slide(length, extent(values, axis), values[f"stride_{axis}"], *border))
    return found


def extent(values: Values, axis: str) -> int:
    """How many elements a kernel spans along an axis."""
    return int(values[f"dilation_{axis}"] * (values[f"kernel_{axis}"] - 1) + 1)


def _check_same(values: Values, lengths: Sequence[int | None]) -> None:
    """Refuse a SAME border that one axis needs while a stride steps over the end of another.

    ncnn would shorten that other axis as it copies, and write beyond its memory.
    """
    axes = "dhw"[-len(lengths) :]
    pairs = zip(axes, lengths, strict=True)
    totals = {axis: _same_total(values, axis, size) for axis, size in pairs if size is not None}
    if min(totals.values(), default=0) < 0 < max(totals.values(), default=0):
        raise MisfitError(
            f"its SAME border adds {max(totals.values())} along one axis and "
            f"{min(totals.values())} along another, which ncnn cannot do"
        )


def _same_total(values: Values, axis: str, length: int) -> int:
    before, after = (values[name] for name in PADS[axis])
    if before != after or before not in (SAME_UPPER, SAME_LOWER):
        return 0
    stride = values[f"stride_{axis}"]
    return int(extent(values, axis) + (length - 1) // stride * stride - length)


def check_kernel(values: Values) -> Iterator[str]:
    """Check that the window is not empty, and that its extent fits in 32 bits."""
    sizes = kernel_of(values)
    if min(sizes) < 1:
        yield f"the kernel is {sizes}, and must be at least 1 along each axis"
    for axis in "dhw"[-len(sizes) :]:
        if values[f"dilation_{axis}"] * (values[f"kernel_{axis}"] - 1) >= INT_MAX:
            yield f"dilation_{axis} times kernel_{axis} does not fit in 32 bits"
    if prod(sizes) > INT_MAX:
        yield "the kernel has more elements than fit in 32 bits"

"""Pieces of C, a file each, and which of them stand on which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files
from types import MappingProxyType

from workbench.numerics.fixed_point import Flavour

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "convolution": ("net_convolution", "net_convolve"),
        "convolution_sums": ("net_convolution", "net_convolve_sums"),
        "inner_product": ("net_inner_product", "net_inner"),
        "inner_product_sums": ("net_inner_product", "net_inner_sums"),
        "rescale": ("net_rescale", "net_change_scale"),
        "clamp": ("net_clamp", "net_hold"),
        "lookup": ("net_lookup", "net_look_up"),
        "copy": ("net_copy", "net_copy_part"),
        "gather": ("net_gather", "net_pick"),
        "shuffle": ("net_shuffle", "net_shuffle_channels"),
        "max_pool": ("net_pool", "net_pool_max"),
        "mean_pool": ("net_pool", "net_pool_mean"),
        "sum": ("net_sum", "net_add"),
        "product": ("net_product", "net_times"),
        "largest": ("net_extreme", "net_largest"),
        "smallest": ("net_extreme", "net_smallest"),
    }
)
"""For each kind of operation the C type of its constants and the function."""

_NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "multiply_one_rounding": ("int32", "shift_right", "shift_left"),
        "multiply_floor": ("int32", "shift_right", "shift_left"),
        "multiply_rounded": ("int32", "shift_right", "shift_left"),
        "multiply_two_roundings": ("int32", "shift_right", "shift_left", "divide_power"),
        "divide_power": ("int32",),
        "finish": ("int32", "clamp8", "multiply"),
        "convolution": ("convolution_record", "finish"),
        "convolution_sums": ("convolution_record",),
        "inner_product": ("inner_product_record", "finish"),
        "inner_product_sums": ("inner_product_record",),
        "rescale": ("clamp8", "multiply"),
        "clamp": ("clamp8",),
        "max_pool": ("pool_record",),
        "mean_pool": ("pool_record", "clamp8", "divide", "multiply"),
        "sum": ("clamp8", "divide_power", "multiply"),
        "product": ("clamp8", "multiply"),
        "largest": ("extreme_record",),
        "smallest": ("extreme_record",),
    }
)
"""Which pieces of C a piece stands on."""


def pieces(flavour: Flavour, kinds: Iterable[str]) -> tuple[str, ...]:
    """Name the pieces that some kinds of operations need, each behind those that it stands on."""
    found: dict[str, None] = {}

    def add(name: str) -> None:
        name = f"multiply_{flavour.replace(' ', '_')}" if name == "multiply" else name
        for need in _NEEDS.get(name, ()):
            add(need)
        found.setdefault(name)

    for kind in kinds:
        add(kind)
    return tuple(found)


def piece(name: str) -> str:
    """Return the text of a piece."""
    return files(__name__).joinpath(f"{name}.c").read_text(encoding="ascii")

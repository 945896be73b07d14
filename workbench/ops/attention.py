"""Attention: each position looks at the others and takes a weighted mean of them.

Source: Tencent/ncnn, src/layer/multiheadattention.cpp, sdpa.cpp, rotaryembed.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt

from workbench.ops.block_quantization import Block, block_bytes, block_of, check_quantize_term
from workbench.ops.op import (
    INT_MAX,
    Count,
    Int8,
    Op,
    Same,
    Values,
    WeightSpec,
    flag,
    integer,
    packed,
    raw,
    real,
    tagged,
)
from workbench.ops.shape_rules import Shape, require


def _default_scale(values: Values) -> float:
    return 1 / sqrt(max(1, values.embed_dim // max(1, values.num_heads)))


def _check_sizes(values: Values) -> Iterator[str]:
    if values.embed_dim % values.num_heads:
        yield f"embed_dim is {values.embed_dim}, no multiple of num_heads, {values.num_heads}"
    if values.weight_data_size % values.embed_dim:
        yield (
            f"weight_data_size (key 2) is {values.weight_data_size},"
            f" and must be a multiple of embed_dim, {values.embed_dim}"
        )
    if max(values.kdim, values.vdim) * values.embed_dim > INT_MAX:
        yield "kdim or vdim times embed_dim does not fit in 32 bits"


def _projections(values: Values) -> Iterator[tuple[str, int, int]]:
    """Name, rows and columns of the four matrices."""
    embed, query = values.embed_dim, values.weight_data_size // values.embed_dim
    yield from (("q", embed, query), ("k", embed, values.kdim), ("v", embed, values.vdim))
    yield ("out", query, embed)


def _weights(values: Values) -> Iterator[WeightSpec]:
    block = block_of(values.quantize_term)
    if block:
        yield from _block_weights(values, block)
        return
    int8: Int8 = "must" if values.quantize_term else "never"
    for name, rows, columns in _projections(values):
        yield tagged(f"{name}_weight", rows, columns, int8=int8)
        yield raw(f"{name}_bias", rows)
    if values.quantize_term:
        for name in "qkv":
            yield raw(f"{name}_weight_int8_scales", values.embed_dim)
        yield raw("out_weight_int8_scale", 1)


def _block_weights(values: Values, block: Block) -> Iterator[WeightSpec]:
    for name, rows, columns in _projections(values):
        yield packed(f"{name}_weight", rows, block_bytes(columns, block.bits))
        yield raw(f"{name}_bias", rows)
    for name, rows, columns in _projections(values):
        yield raw(f"{name}_weight_quantize_scales", rows, block.count(columns))
    if block.input_scales:
        for name, _, columns in _projections(values):
            yield raw(f"{name}_weight_input_scales", columns)


def _extras(values: Values) -> int:
    """Bottoms besides query, key and value: the mask, the keys and values seen before."""
    return bool(values.attn_mask) + 2 * bool(values.kv_cache)


def _bottoms(values: Values) -> Count:
    return (1 + _extras(values), 3 + _extras(values))


def _shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    """Query, key and value may be one blob, or key and value may be."""
    given = len(bottoms) - _extras(values)
    blobs = [bottoms[min(i, given - 1)] for i in range(3)]
    query = values.weight_data_size // values.embed_dim
    for width, blob in zip((query, values.kdim, values.vdim), blobs, strict=True):
        if blob:
            require("elements in a row", width, blob[-1])
    steps = blobs[0][-2] if blobs[0] and len(blobs[0]) > 1 else None
    return [(steps, query), *[None] * (tops - 1)]


def _sdpa_bottoms(values: Values) -> Count:
    return (3 + _extras(values), 3 + _extras(values))


def _tops(values: Values) -> Count:
    return (3, 3) if values.kv_cache else (1, 1)


OPS = (
    Op(
        "MultiHeadAttention",
        "Attention in several heads at once, with a matrix before and after each.",
        (
            integer(0, "embed_dim", 0, low=1),
            integer(1, "num_heads", 1, low=1),
            integer(2, "weight_data_size", 0, low=1),
            integer(3, "kdim", Same("embed_dim"), low=1),
            integer(4, "vdim", Same("embed_dim"), low=1),
            flag(5, "attn_mask"),
            real(6, "scale", _default_scale),
            flag(7, "kv_cache"),
            integer(18, "quantize_term", 0, low=0),
        ),
        _weights,
        _bottoms,
        _tops,
        (_check_sizes, check_quantize_term),
        _shapes,
    ),
    Op(
        "SDPA",
        "Attention alone: softmax(query key' * scale) value.",
        (flag(5, "attn_mask"), real(6, "scale"), flag(7, "kv_cache"), flag(18, "int8_scale_term")),
        bottoms=_sdpa_bottoms,
        tops=_tops,
    ),
    Op(
        "RotaryEmbed",
        "Turns pairs of elements by an angle that tells their position.",
        (flag(0, "interleaved"),),
        bottoms=(3, 3),
    ),
)

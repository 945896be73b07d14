"""Fully connected layers and word embeddings.

Source: Tencent/ncnn, src/layer/innerproduct.cpp, embed.cpp: load_param and load_model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.ops.activation import activation_params, check_activation
from workbench.ops.op import (
    Int8,
    Op,
    Values,
    WeightSpec,
    flag,
    integer,
    raw,
    tagged,
)
from workbench.ops.scale_rules import ScaleRule, mixed
from workbench.ops.shape_rules import MisfitError, Shape, known_size, require


def _check_inner_product(values: Values) -> Iterator[str]:
    if values.weight_data_size % values.num_output:
        yield (
            f"weight_data_size (key 2) is {values.weight_data_size},"
            f" and must be a multiple of num_output, {values.num_output}"
        )


def _inner_product_weights(values: Values) -> Iterator[WeightSpec]:
    count = values.num_output
    int8: Int8 = "may" if values.int8_scale_term else "never"
    yield tagged("weight", count, values.weight_data_size // count, int8=int8)
    if values.bias_term:
        yield raw("bias", count)
    if values.int8_scale_term:
        yield raw("weight_int8_scales", count)
        yield raw("bottom_int8_scales", 1)


def _inner_product_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    """A matrix with rows of the right length gives a matrix, all else a vector."""
    shape, inputs = bottoms[0], values.weight_data_size // values.num_output
    if shape is None or (len(shape) == 2 and shape[1] in (None, inputs)):
        return [(shape[0], values.num_output) if shape and shape[1] else None]
    require("elements", inputs, known_size(shape))
    if len(shape) > 1 and shape[0] and inputs % shape[0]:
        raise MisfitError(
            f"its weights are for {inputs} inputs, no multiple of {shape[0]} channels"
        )
    return [(values.num_output,)]


def _embed_shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    return [(bottoms[0][-1], values.num_output) if bottoms[0] else None]


def _check_embed(values: Values) -> Iterator[str]:
    wanted = values.num_output * values.input_dim
    if values.weight_data_size != wanted:
        yield (
            f"weight_data_size (key 3) is {values.weight_data_size},"
            f" and must be num_output times input_dim, {wanted}"
        )


def _embed_weights(values: Values) -> Iterator[WeightSpec]:
    int8: Int8 = "must" if values.int8_scale_term else "never"
    yield tagged("weight", values.input_dim, values.num_output, int8=int8)
    if values.bias_term:
        yield raw("bias", values.num_output)
    if values.int8_scale_term:
        yield raw("weight_int8_scale", 1)


INNER_PRODUCT = Op(
    "InnerProduct",
    "Each output is a weighted sum of all inputs, plus a bias.",
    (
        integer(0, "num_output", 0, low=1),
        flag(1, "bias_term"),
        integer(2, "weight_data_size", 0, low=1),
        integer(8, "int8_scale_term"),
        *activation_params(9, 10),
    ),
    _inner_product_weights,
    rules=(check_activation, _check_inner_product),
    shapes=_inner_product_shapes,
    scales=ScaleRule("free", mixed),
)

EMBED = Op(
    "Embed",
    "Looks up a row of the weights for each index in the input.",
    (
        integer(0, "num_output", 0, low=1),
        integer(1, "input_dim", 0, low=1),
        flag(2, "bias_term"),
        integer(3, "weight_data_size", 0, low=1),
        integer(18, "int8_scale_term"),
    ),
    _embed_weights,
    rules=(_check_embed,),
    shapes=_embed_shapes,
)

OPS = (INNER_PRODUCT, EMBED)

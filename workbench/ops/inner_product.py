"""Fully connected layers and matrix products.

Source: Tencent/ncnn, src/layer/innerproduct.cpp: load_param and load_model.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.ops.activation import activation_params, check_activation
from workbench.ops.op import Op, Values, WeightSpec, flag, integer, raw, tagged


def _check_sizes(values: Values) -> Iterator[str]:
    if values.weight_data_size % values.num_output:
        yield (
            f"weight_data_size (key 2) is {values.weight_data_size},"
            f" and must be a multiple of num_output, {values.num_output}"
        )


def _weights(values: Values) -> Iterator[WeightSpec]:
    count, int8 = values.num_output, bool(values.int8_scale_term)
    yield tagged("weight", count, values.weight_data_size // count, int8=int8)
    if values.bias_term:
        yield raw("bias", count)
    if int8:
        yield raw("weight_int8_scales", count)
        yield raw("bottom_int8_scales", 1)


INNER_PRODUCT = Op(
    "InnerProduct",
    "Each output is a weighted sum of all inputs, plus a bias.",
    (
        integer(0, "num_output", 0, low=1),
        flag(1, "bias_term"),
        integer(2, "weight_data_size", 0, low=1),
        integer(8, "int8_scale_term", 0, low=0),
        *activation_params(9, 10),
    ),
    _weights,
    rules=(check_activation, _check_sizes),
)

OPS = (INNER_PRODUCT,)

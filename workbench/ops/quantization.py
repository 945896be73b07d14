"""Layers that go between float and int8, and between number types.

Source: Tencent/ncnn, src/layer/quantize.cpp, dequantize.cpp, requantize.cpp, cast.cpp,
packing.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.ops.activation import activation_params, check_activation
from workbench.ops.op import Op, Values, WeightSpec, flag, integer, raw, raws
from workbench.ops.shape_rules import one_or_every_channel, same


def _dequantize_weights(values: Values) -> Iterator[WeightSpec]:
    yield raw("scale", values.scale_data_size)
    if values.bias_data_size:
        yield raw("bias", values.bias_data_size)


def _requantize_weights(values: Values) -> Iterator[WeightSpec]:
    yield raw("scale_in", values.scale_in_data_size)
    yield raw("scale_out", values.scale_out_data_size)
    if values.bias_data_size:
        yield raw("bias", values.bias_data_size)


OPS = (
    Op(
        "Quantize",
        "Float to int8: x times scale, rounded, held between -127 and 127.",
        (integer(0, "scale_data_size", 1, low=1),),
        raws("scale", size="scale_data_size"),
        shapes=one_or_every_channel("scale_data_size"),
    ),
    Op(
        "Dequantize",
        "int32 to float: x times scale, plus a bias.",
        (integer(0, "scale_data_size", 1, low=1), integer(1, "bias_data_size", 0, low=0)),
        _dequantize_weights,
        shapes=one_or_every_channel("scale_data_size"),
    ),
    Op(
        "Requantize",
        "int32 to int8: dequantize, apply an activation, quantize again.",
        (
            integer(0, "scale_in_data_size", 1, low=1),
            integer(1, "scale_out_data_size", 1, low=1),
            integer(2, "bias_data_size", 0, low=0),
            *activation_params(3, 4),
        ),
        _requantize_weights,
        rules=(check_activation,),
        shapes=one_or_every_channel("scale_in_data_size"),
    ),
    Op(
        "Cast",
        "The same numbers in another type: float32, float16, int8, bfloat16.",
        (
            integer(0, "type_from", 0, low=0, high=4),
            integer(1, "type_to", 0, low=0, high=4),
        ),
        shapes=same,
    ),
    Op(
        "Packing",
        "The same numbers with several channels side by side in memory.",
        (
            integer(0, "out_elempack", 1, low=1),
            flag(1, "use_padding"),
            integer(2, "cast_type_from"),
            integer(3, "cast_type_to"),
        ),
    ),
)

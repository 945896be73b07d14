"""Convolutions in one, two and three dimensions, dense and depthwise.

Source: Tencent/ncnn, src/layer/convolution*.cpp, deformableconv2d.cpp: load_param and
load_model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from workbench.ops.activation import activation_params, check_activation
from workbench.ops.op import (
    ONE,
    Count,
    Int8,
    Op,
    Param,
    Values,
    WeightSpec,
    flag,
    integer,
    raw,
    real,
    tagged,
)
from workbench.ops.scale_rules import FREE
from workbench.ops.shape_rules import Shape, require
from workbench.ops.window import check_kernel, image_shape, kernel, kernel_of, pads, window_shape

NUM_OUTPUT = integer(0, "num_output")
BIAS_TERM = flag(5, "bias_term")
WEIGHT_SIZE = integer(6, "weight_data_size")
GROUP = integer(7, "group", 1, low=1)
PAD_VALUE = real(18, "pad_value")


def common_params(axes: int) -> tuple[Param, ...]:
    """Describe what all convolutions and deconvolutions over so many axes have."""
    return (
        NUM_OUTPUT,
        *kernel(axes),
        *pads(axes),
        BIAS_TERM,
        WEIGHT_SIZE,
        *activation_params(9, 10),
    )


def is_dynamic(values: Values) -> bool:
    """Tell whether the weights come as bottom blobs, so that the .bin file has none."""
    return bool(values.get("dynamic_weight", 0))


def _check_kernel(values: Values) -> Iterator[str]:
    if not is_dynamic(values):
        yield from check_kernel(values)


def _check_sizes(values: Values) -> Iterator[str]:
    if is_dynamic(values):
        return
    group, count = values.get("group", 1), values.num_output
    if count < 1 or count % group:
        yield f"num_output (key 0) is {count}, and must be a positive multiple of group {group}"
        return
    row = count * prod(kernel_of(values))
    if values.weight_data_size < 1 or values.weight_data_size % row:
        yield (
            f"weight_data_size (key 6) is {values.weight_data_size}, and must be a positive"
            f" multiple of num_output times the kernel, {row}"
        )


RULES = (check_activation, _check_kernel, _check_sizes)


def float_weights(values: Values) -> Iterator[WeightSpec]:
    """Describe the kernel of each output channel, and the bias."""
    if is_dynamic(values):
        return
    window, count = kernel_of(values), values.num_output
    channels = values.weight_data_size // (count * prod(window))
    int8: Int8 = "may" if values.get("int8_scale_term", 0) else "never"
    yield tagged("weight", count, channels, *window, int8=int8)
    if values.bias_term:
        yield raw("bias", count)


def _quantized_weights(values: Values) -> Iterator[WeightSpec]:
    yield from float_weights(values)
    if is_dynamic(values):
        return
    term = values.int8_scale_term
    if term:
        yield raw("weight_int8_scales", _scale_count(values))
        yield raw("bottom_int8_scales", 1)
    if term > 100:
        yield raw("top_int8_scales", 1)


def _scale_count(values: Values) -> int:
    if "group" not in values:
        return int(values.num_output)
    return int(values.group) if values.int8_scale_term % 100 == 1 else 1


def _check_depthwise_term(values: Values) -> Iterator[str]:
    if values.int8_scale_term not in (0, 1, 2, 101, 102):
        yield (
            f"int8_scale_term (key 8) is {values.int8_scale_term}, and must be 0, 1, 2, 101 or 102"
        )


def blob_count(values: Values) -> Count:
    """Return one bottom, and those for weights and bias if they are no constants."""
    if not is_dynamic(values):
        return ONE
    return (3, 3) if values.bias_term else (2, 2)


def channels_of(values: Values) -> int:
    """Return how many input channels the weights are for."""
    row = values.num_output * prod(kernel_of(values))
    return int(values.weight_data_size // row * values.get("group", 1))


def image_of(values: Values, shape: Shape) -> tuple[int | None, ...] | None:
    """Return channels and lengths of the input, if known; a 1x1 kernel also takes a vector."""
    kernel_ = kernel_of(values)
    if is_dynamic(values) or (shape and len(shape) == 1 and kernel_ == (1, 1)):
        return None
    return image_shape(shape, len(kernel_))


def _shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    image = image_of(values, bottoms[0])
    if image is None:
        return [None]
    require("channels", channels_of(values), image[0])
    return [(values.num_output, *window_shape(values, image[1:]))]


def _op(type: str, about: str, *params: Param) -> Op:
    return Op(type, about, params, float_weights, blob_count, rules=RULES, shapes=_shapes)


INT8_TERM = integer(8, "int8_scale_term", 0, low=0)
DYNAMIC = flag(19, "dynamic_weight")

CONVOLUTION = Op(
    "Convolution",
    "Each output channel is the sum of all input channels, each filtered by its own kernel.",
    (*common_params(2), PAD_VALUE, INT8_TERM, DYNAMIC),
    _quantized_weights,
    blob_count,
    rules=RULES,
    shapes=_shapes,
    scales=FREE,
)

DEPTHWISE = Op(
    "ConvolutionDepthWise",
    "A convolution in groups: each output channel sees only the input channels of its group.",
    (*common_params(2), PAD_VALUE, GROUP, INT8_TERM, DYNAMIC),
    _quantized_weights,
    blob_count,
    rules=(*RULES, _check_depthwise_term),
    shapes=_shapes,
    scales=FREE,
)

DEFORMABLE = Op(
    "DeformableConv2D",
    "A convolution whose sampling points are moved by a second input, pixel by pixel.",
    common_params(2),
    float_weights,
    (2, 3),
    rules=RULES,
    shapes=_shapes,
)

OPS = (
    CONVOLUTION,
    DEPTHWISE,
    DEFORMABLE,
    _op("Convolution1D", "A convolution along one axis.", *common_params(1), PAD_VALUE, DYNAMIC),
    _op(
        "Convolution3D", "A convolution over depth, height and width.", *common_params(3), PAD_VALUE
    ),
    _op(
        "ConvolutionDepthWise1D",
        "A convolution along one axis, in groups.",
        *common_params(1),
        PAD_VALUE,
        GROUP,
        DYNAMIC,
    ),
    _op(
        "ConvolutionDepthWise3D",
        "A convolution over depth, height and width, in groups.",
        *common_params(3),
        PAD_VALUE,
        GROUP,
    ),
)

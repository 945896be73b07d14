"""Deconvolutions, the transposes of convolutions, in one, two and three dimensions.

Source: Tencent/ncnn, src/layer/deconvolution*.cpp: load_param and load_model.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.ops.convolution import (
    GROUP,
    RULES,
    blob_count,
    channels_of,
    common_params,
    float_weights,
    image_of,
)
from workbench.ops.op import Op, Param, Same, Values, flag, integer
from workbench.ops.shape_rules import Shape, require

_DYNAMIC = flag(28, "dynamic_weight")


def _outputs(axes: int) -> tuple[Param, ...]:
    """What only a deconvolution has: more padding at the far end, or a wanted output size."""
    first = 25 if axes == 3 else 20
    wide = (integer(18, "output_pad_right"), integer(first, "output_w"))
    high = (
        integer(19, "output_pad_bottom", Same("output_pad_right")),
        integer(first + 1, "output_h", Same("output_w")),
    )
    deep = (
        integer(20, "output_pad_behind", Same("output_pad_right")),
        integer(first + 2, "output_d", Same("output_w")),
    )
    return (*wide, *(high if axes > 1 else ()), *(deep if axes > 2 else ()))


def _shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
    image = image_of(values, bottoms[0])
    if image is None:
        return [None]
    require("channels", channels_of(values), image[0])
    return [(values.num_output, *[None] * len(image[1:]))]


def _op(type: str, about: str, *params: Param) -> Op:
    return Op(type, about, params, float_weights, blob_count, rules=RULES, shapes=_shapes)


OPS = (
    _op(
        "Deconvolution",
        "The transpose of a convolution: each input pixel paints a kernel onto the output.",
        *common_params(2),
        *_outputs(2),
        _DYNAMIC,
    ),
    _op(
        "Deconvolution1D",
        "The transpose of a convolution along one axis.",
        *common_params(1),
        *_outputs(1),
        _DYNAMIC,
    ),
    _op(
        "Deconvolution3D",
        "The transpose of a convolution over depth, height and width.",
        *common_params(3),
        *_outputs(3),
    ),
    _op(
        "DeconvolutionDepthWise",
        "The transpose of a convolution, in groups.",
        *common_params(2),
        *_outputs(2),
        GROUP,
        _DYNAMIC,
    ),
    _op(
        "DeconvolutionDepthWise1D",
        "The transpose of a convolution along one axis, in groups.",
        *common_params(1),
        *_outputs(1),
        GROUP,
        _DYNAMIC,
    ),
    _op(
        "DeconvolutionDepthWise3D",
        "The transpose of a convolution over depth, height and width, in groups.",
        *common_params(3),
        *_outputs(3),
        GROUP,
    ),
)

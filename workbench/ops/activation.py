"""Activations: functions of each element alone.

Source: Tencent/ncnn, src/layer/relu.cpp and its neighbours; src/layer/fused_activation.h.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.ops.op import (
    FLOAT_MAX,
    Op,
    Param,
    Rule,
    Values,
    flag,
    integer,
    raws,
    real,
    reals,
)
from workbench.ops.scale_rules import EQUAL, SAME_WISHED, ScaleRule, Scales, reaching, saturating
from workbench.ops.shape_rules import one_or_every_channel, same

ACTIVATIONS = ("none", "ReLU", "LeakyReLU", "Clip", "Sigmoid", "Mish", "HardSwish")
"""What the parameter activation_type of a convolution or inner product means."""

_NEEDED = (0, 0, 1, 2, 0, 0, 2)


def activation_params(type_id: int, params_id: int) -> tuple[Param, Param]:
    """Describe the activation that other ops apply to their result."""
    return (
        integer(type_id, "activation_type", 0, low=0, high=len(ACTIVATIONS) - 1),
        reals(params_id, "activation_params"),
    )


def check_activation(values: Values) -> Iterator[str]:
    """Check that a fused activation has the numbers that it needs."""
    needed, given = _NEEDED[values.activation_type], len(values.activation_params)
    if given < needed:
        name = ACTIVATIONS[values.activation_type]
        yield f"its activation {name} needs {needed} numbers in activation_params, not {given}"


def _check_alpha(values: Values) -> Iterator[str]:
    if values.alpha == 0:
        yield "alpha (key 0) is 0, and ncnn divides by it"


def _check_softmax(values: Values) -> Iterator[str]:
    if values.axis and not values.fixbug0:
        yield "an axis is given without fixbug0 (1=1), as by an old converter; ncnn refuses it"


_HARD = (real(0, "alpha", 0.2), real(1, "beta", 0.5))


def _each(
    type: str,
    about: str,
    *params: Param,
    rules: tuple[Rule, ...] = (),
    scales: Scales | None = None,
) -> Op:
    """Describe a function of each element alone, which keeps the shape."""
    return Op(type, about, params, rules=rules, shapes=same, scales=scales)


def _relu_scales(values: Values) -> ScaleRule:
    return SAME_WISHED if values.slope else EQUAL


def _hard_sigmoid_scales(values: Values) -> ScaleRule | str:
    """Beyond the two corners it is flat."""
    corners = (values.beta / values.alpha, (1 - values.beta) / values.alpha)
    limit = max(abs(corner) for corner in corners)
    return saturating(limit, 127.0) if limit else "alpha leaves no slope"


def _hard_swish_scales(values: Values) -> ScaleRule | str:
    limit = abs(values.beta / values.alpha) if values.alpha else 0
    return reaching(limit) if limit else "alpha or beta is 0"


def _dropout_scales(values: Values) -> ScaleRule | str:
    if values.scale == 1:
        return EQUAL
    if values.scale <= 0:
        return "its scale is not positive"
    return ScaleRule("rescaled", need=lambda scale: scale * values.scale)


OPS = (
    _each(
        "ReLU",
        "y = x above zero, slope * x below.",
        real(0, "slope"),
        scales=_relu_scales,
    ),
    Op(
        "PReLU",
        "y = x above zero, slope * x below, with a trained slope for each channel.",
        (integer(0, "num_slope", 0, low=1),),
        raws("slope", size="num_slope"),
        shapes=one_or_every_channel("num_slope"),
        scales=SAME_WISHED,
    ),
    _each(
        "Clip",
        "y = x held between min and max.",
        real(0, "min", -FLOAT_MAX),
        real(1, "max", FLOAT_MAX),
        scales=EQUAL,
    ),
    _each("Sigmoid", "y = 1 / (1 + exp(-x)), between 0 and 1.", scales=saturating(8, 127.0)),
    _each("TanH", "y = tanh(x), between -1 and 1.", scales=saturating(4, 127.0)),
    _each(
        "ELU",
        "y = x above zero, alpha * (exp(x) - 1) below.",
        real(0, "alpha", 0.1),
        scales=reaching(8),
    ),
    _each("CELU", "y = x above zero, alpha * (exp(x / alpha) - 1) below.", real(0, "alpha", 1.0)),
    _each(
        "SELU",
        "An ELU scaled so that layers keep mean 0 and variance 1.",
        real(0, "alpha", 1.67326324),
        real(1, "lambda", 1.050700987),
    ),
    _each("GELU", "y = x * P(normal variable < x).", flag(0, "fast_gelu"), scales=reaching(4)),
    _each("Swish", "y = x * sigmoid(x).", scales=reaching(8)),
    _each("Mish", "y = x * tanh(softplus(x)).", scales=reaching(8)),
    _each("Softplus", "y = log(1 + exp(x)), a smooth ReLU."),
    _each("BNLL", "y = log(1 + exp(x)), a smooth ReLU by its name in Caffe."),
    _each(
        "HardSigmoid",
        "y = alpha * x + beta, held between 0 and 1: a cheap sigmoid.",
        *_HARD,
        rules=(_check_alpha,),
        scales=_hard_sigmoid_scales,
    ),
    _each(
        "HardSwish",
        "y = x * (alpha * x + beta held between 0 and 1): a cheap swish.",
        *_HARD,
        rules=(_check_alpha,),
        scales=_hard_swish_scales,
    ),
    _each("Threshold", "y = 1 where x is above the threshold, else 0.", real(0, "threshold")),
    _each(
        "Shrink",
        "y = x moved by bias towards zero, and zero within lambd of it.",
        real(0, "bias"),
        real(1, "lambd", 0.5),
    ),
    _each(
        "Softmax",
        "y = exp(x) / sum of exp(x) along an axis: positive numbers that sum to 1.",
        integer(0, "axis", 0, low=-4, high=3),
        flag(1, "fixbug0"),
        rules=(_check_softmax,),
    ),
    Op(
        "GLU",
        "Half of the channels, each times the sigmoid of its partner in the other half.",
        (integer(0, "axis"),),
    ),
    _each(
        "Dropout",
        "y = x * scale: nothing is dropped once training is over.",
        real(0, "scale", 1.0),
        scales=_dropout_scales,
    ),
)

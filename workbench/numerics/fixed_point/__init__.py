"""Real multipliers as integers: requantization without floats.

    int8 = saturate(sum * r)        r = scale_out / (scale_weight * scale_in), a positive real

`prepare` holds what is done OFFLINE, in floats, once for each layer: r becomes integers.
`apply` holds what is done at RUNTIME, in integers: each way to round is a function of its own.
`rescale` keeps a prepared multiplier together with the way in which it is to be applied.
"""

from workbench.numerics.fixed_point.apply import (
    OverflowCounter,
    doubling_high_mul,
    floor_shift,
    one_rounding,
    rounded_shift,
    rounding_divide,
    to_int32,
    two_roundings,
)
from workbench.numerics.fixed_point.prepare import (
    Multiplier8,
    Multiplier31,
    bias_int8,
    bias_int32,
    multiplier8,
    multiplier31,
    ratios,
)
from workbench.numerics.fixed_point.rescale import FLAVOURS, Flavour, Rescale, prepare_rescale

__all__ = [
    "FLAVOURS",
    "Flavour",
    "Multiplier8",
    "Multiplier31",
    "OverflowCounter",
    "Rescale",
    "bias_int8",
    "bias_int32",
    "doubling_high_mul",
    "floor_shift",
    "multiplier8",
    "multiplier31",
    "one_rounding",
    "prepare_rescale",
    "ratios",
    "rounded_shift",
    "rounding_divide",
    "to_int32",
    "two_roundings",
]

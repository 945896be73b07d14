"""Checks of what a session is made of, and of what its file says, against the network.

Those of the file raise ValueError or TypeError, which `load_session` turns into a FormatError.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from workbench.calibration.plan import BY_HAND, LayerPlan, Plan, scale_channels
from workbench.calibration.statistics import Statistics
from workbench.errors import CalibrationError
from workbench.graph import Layer
from workbench.model import Model
from workbench.numerics.histogram import BINS
from workbench.numerics.thresholds import METHODS

T = TypeVar("T")
CHOSEN_BY = frozenset({*METHODS, "eq", BY_HAND})
MOST = 1 << 53
"""A count up to here is exact as a float64 too."""


def check_parts(model: Model, stats: Statistics, plan: Plan) -> None:
    """Raise CalibrationError unless all three belong together and something can be decided."""
    for name, what in (("statistics", stats), ("plan", plan)):
        if what.model_sha256 != model.sha256:
            raise CalibrationError(
                f"the {name} and the network do not belong together",
                advice="Make both from the same .param and .bin.",
            )
    if not plan.layers:
        raise CalibrationError(
            "the network has no layer that int8 can be used for",
            advice="ncnn quantizes Convolution, ConvolutionDepthWise and InnerProduct layers.",
        )


def exactly(kind: type[T], value: Any) -> T:
    """Return a value if it is of a type, a bool not being an int."""
    if type(value) is not kind:
        raise TypeError(f"{str(value)[:40]!r} is not of type {kind.__name__}")
    return value


def names_of(value: Any, layers: Collection[str]) -> list[str]:
    """Return a list of names, each of which is a layer's."""
    names = [exactly(str, name) for name in exactly(list, value)]
    if strangers := sorted(set(names) - set(layers)):
        raise ValueError(f"{strangers[0][:40]!r} is no layer that int8 can be used for")
    return names


def decision_of(
    row: Any, scales: Sequence[tuple[float, ...]], layers: Mapping[str, Layer]
) -> LayerPlan:
    """Return the decision that a row of `session.json` stands for."""
    layer, method, threshold, bits, number, keep_float = exactly(list, row)
    found = layers.get(exactly(str, layer))
    weight_scales = scales[exactly(int, number)]
    if found is None or method not in CHOSEN_BY:
        raise ValueError(f"a decision for {layer[:40]!r} is not possible")
    if len(weight_scales) != scale_channels(found):
        raise ValueError(f"the weight scales of {layer} are not possible")
    numbers = exactly(float, threshold), exactly(int, bits)
    try:
        return LayerPlan(
            layer, found.type, method, *numbers, weight_scales, exactly(bool, keep_float)
        )
    except CalibrationError as error:
        raise ValueError(str(error)) from error


def check_statistics(stats: Statistics, model: Model) -> None:
    """Compare statistics with the network, and their counts with what can be counted."""
    origins = [(layer.name, model.graph.origin(layer.bottoms[0])) for layer in model.quantizable]
    if stats.model_sha256 != model.sha256 or list(stats.layers.items()) != origins:
        raise ValueError("its statistics are of another network")
    if not 0 < stats.images < MOST or not isinstance(stats.inputs, str):
        raise ValueError("its statistics are of no images")
    for blob, histogram in stats.histograms.items():
        numbers = (histogram.zeros, histogram.blob_size, stats.nonfinite[blob])
        whole = float(histogram.counts.astype(float).sum()) + sum(numbers)
        negative = min(numbers) < 0 or histogram.counts.min() < 0
        if histogram.counts.size != BINS or negative or not 0 <= whole < MOST:
            raise ValueError(f"the histogram of {blob} is not possible")
        if not 0 <= histogram.absmax < math.inf:
            raise ValueError(f"the range of {blob} is not possible")

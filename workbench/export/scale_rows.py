"""The numbers of one row of a calibration table, compared with the layer that they are for.

Source of what ncnn does: Tencent/ncnn, tools/quantize/ncnn2int8.cpp, src/layer/quantize.cpp
and convolution.cpp, forward_int8.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from workbench.calibration.plan import layer_weight_scales, scale_channels, six_bits_by_rule
from workbench.formats.table_rows import (
    LEAST_SCALE,
    MOST_SCALE,
    Finding,
    Row,
    number_for_ncnn,
    parse_scale,
)
from workbench.graph import Layer
from workbench.model import Model
from workbench.numerics.weights import channel_absmax

Scales = tuple[float, ...]

_DEPTHWISE = "ConvolutionDepthWise"


def weight_scales_of(row: Row, layer: Layer, model: Model) -> tuple[Scales, tuple[Finding, ...]]:
    """Read the weight scales of a layer; those that are broken are taken anew from its weights.

    Args:
        row: the layer's weight row.
        layer: a layer with float weights.
        model: the network.

    Returns:
        As many scales as the layer has channels (groups if it is depthwise), and what is wrong
        with the row. An infinite scale of a channel whose weights are all zero, which ncnn's
        own tool writes, becomes 1.
    """
    scales, count = _numbers(row), scale_channels(layer)
    if finding := _wrong_count(row, layer, count, "Take the scales anew from the weights."):
        kept = _without_junk(scales, count)
        return kept or tuple(_fresh_scales(layer, model).tolist()), (finding,)
    bad = [channel for channel, scale in enumerate(scales) if not scale]
    if not bad:
        return scales, ()
    weight = np.asarray(model.weight(layer.name, "weight"), np.float32)
    dead = channel_absmax(weight, count) == 0
    spared = [i for i in bad if dead[i] and row.words[i].lower() == "inf"]
    broken = [i for i in bad if i not in spared]
    fresh = _fresh_scales(layer, model)
    found = [_dead_channels(row, spared)] if spared else []
    found += [_broken_scales(row, broken)] if broken else []
    return tuple(scale or float(fresh[i]) for i, scale in enumerate(scales)), tuple(found)


def blob_scale_of(row: Row, layer: Layer) -> tuple[Scales, tuple[Finding, ...]]:
    """Read the scale of a layer's bottom blob: one number in a tuple, or none if it is broken."""
    scales, fix = _numbers(row), "Calibrate again, or delete both rows: the layer stays float."
    if finding := _wrong_count(row, layer, 1, fix):
        return _without_junk(scales, 1), (finding,)
    if not scales[0]:
        problem = f"row {row.name!r} has {row.words[0]!r} where a positive number should stand"
        does = _effect_on_blob(row.words[0])
        return (), (Finding(row.line, row.name, "error", problem, does, fix),)
    return scales, ()


def _numbers(row: Row) -> Scales:
    return tuple(map(parse_scale, row.words))


def _wrong_count(row: Row, layer: Layer, count: int, fix: str) -> Finding | None:
    given = len(row.words)
    if given == count:
        return None
    if _without_junk(_numbers(row), count):
        fix = f"Delete what follows number {count}."
    problem = f"row {row.name!r} has {given} numbers, the layer needs {count}"
    does = _effect_of_count(given, count, layer)
    return Finding(row.line, row.name, "error", problem, does, fix)


def _without_junk(scales: Scales, count: int) -> Scales:
    """The first numbers if all that follows them is none, else nothing."""
    good = len(scales) > count and all(scales[:count]) and not any(scales[count:])
    return scales[:count] if good else ()


def _fresh_scales(layer: Layer, model: Model) -> NDArray[np.float32]:
    six = six_bits_by_rule(layer)
    weight = np.asarray(model.weight(layer.name, "weight"), np.float32)
    return layer_weight_scales(layer, weight, "kl", 6 if six else 8)[0]


def _dead_channels(row: Row, channels: list[int]) -> Finding:
    return Finding(
        line=row.line,
        row=row.name,
        severity="warning",
        problem=f"row {row.name!r} has an infinite scale for output channel {_list(channels)},"
        " whose weights are all zero",
        ncnn_does="computes the channel as its bias alone, which is right",
        fix="Write 1.0 there.",
    )


def _broken_scales(row: Row, channels: list[int]) -> Finding:
    word = row.words[channels[0]]
    return Finding(
        line=row.line,
        row=row.name,
        severity="error",
        problem=f"row {row.name!r} has {word!r} where a positive number should stand,"
        f" for output channel {_list(channels)}",
        ncnn_does=_effect_on_channel(word),
        fix="Take the scale anew from the weights.",
    )


def _list(channels: list[int]) -> str:
    return ", ".join(map(str, channels[:8])) + (", ..." if len(channels) > 8 else "")


def _effect_of_count(given: int, count: int, layer: Layer) -> str:
    if layer.type == _DEPTHWISE and given > count:
        return "uses the first and ignores the others"
    past = "reads past the end of the row, and " if 1 < given < count else ""
    return f"{past}writes a .bin file that does not fit its .param file"


def _effect_on_channel(word: str) -> str:
    scale = number_for_ncnn(word)
    if scale is None:
        return "takes the number before it once more"
    if math.isnan(scale):
        return "makes the output of the channel NaN"
    if LEAST_SCALE <= abs(scale) <= MOST_SCALE:
        return f"takes {scale:g} for it"
    return "makes the output of the channel its bias alone"


def _effect_on_blob(word: str) -> str:
    scale = number_for_ncnn(word)
    if scale is None:
        return "takes 1 for it"
    if math.isnan(scale) or abs(scale) < LEAST_SCALE:
        return "makes the output of the layer NaN"
    if abs(scale) <= MOST_SCALE:
        return f"takes {scale:g} for it"
    return "makes the output of the layer its bias alone"

"""Our tables against ncnn's calibration tool, transcribed step by step and value by value.

Source: Tencent/ncnn, tools/quantize/ncnn2table.cpp. The forward passes are ncnn's own in both.
"""

from __future__ import annotations

import math
from functools import cache

import numba
import numpy as np
import pytest

from tests.numerics.thresholds import plain
from workbench.calibration.collect import collect
from workbench.calibration.plan import Plan, calibrate
from workbench.engine import Network
from workbench.model import Model
from workbench.numerics.thresholds import METHODS
from workbench.samples import sample, samples

IMAGES = 40
BINS = 2048
QUANTIZED = ("Convolution", "ConvolutionDepthWise", "InnerProduct")


@cache
def network(name: str) -> tuple[Model, list[np.ndarray]]:
    chosen = sample(name)
    return chosen.load(), list(chosen.images()[:IMAGES])


@cache
def ours(name: str, method: str) -> Plan:
    model, images = network(name)
    stats = collect(model, images, passes=2, progress=False)
    return calibrate(model, stats, method)


@cache
def blobs_of(name: str) -> dict[str, list[np.ndarray]]:
    """Every quantized layer's bottom blob for each image; Splits are not followed back here."""
    model, images = network(name)
    layers = {x.name: x.bottoms[0] for x in model.graph.layers if x.type in QUANTIZED}
    net = Network(model)
    runs = [net.run({"data": image}, tuple(layers.values())) for image in images]
    return {layer: [run[blob] for run in runs] for layer, blob in layers.items()}


@numba.njit
def largest(values, so_far):
    for x in values:
        so_far = max(so_far, abs(x))
    return so_far


@numba.njit
def count(values, absmax, histogram):
    for x in values:
        if x == 0:
            continue
        index = int(abs(x) / absmax * np.float32(2048))
        histogram[min(index, 2047)] += 1


def absmax_of(blobs: list[np.ndarray]) -> np.float32:
    absmax = np.float32(0)
    for blob in blobs:
        absmax = largest(blob.ravel(), absmax)
    return absmax


def kl_bin(blobs: list[np.ndarray]) -> tuple[int, np.float32]:
    absmax = absmax_of(blobs)
    histogram = np.zeros(BINS, np.int64)
    for blob in blobs:
        count(blob.ravel(), absmax, histogram)
    chosen, _ = plain.kl(histogram, 128)
    return chosen, absmax


def gaussian_clip(absmax: float, number: int, alpha: float) -> np.float32:
    constant = (0.5 * 0.35) * (1 + math.sqrt(3.14159265358979323846 * math.log(4)))
    std = (float(absmax) * 2 * constant) / math.sqrt(2 * math.log(number))
    return np.float32(float(np.float32(alpha)) * std)


ALL = pytest.mark.parametrize("name", samples())


@ALL
def test_every_layers_kl_threshold_is_the_tools_bin(name):
    plan = ours(name, "kl")
    assert set(blobs_of(name)) == {decision.layer for decision in plan}
    for layer, blobs in blobs_of(name).items():
        chosen, absmax = kl_bin(blobs)
        threshold = (np.float32(chosen) + np.float32(0.5)) * absmax / np.float32(BINS)
        np.testing.assert_allclose(plan[layer].scale, np.float32(127) / threshold, rtol=1e-6)


@ALL
def test_every_layers_aciq_threshold_is_the_tools(name):
    plan = ours(name, "aciq")
    for layer, blobs in blobs_of(name).items():
        threshold = gaussian_clip(absmax_of(blobs), blobs[-1].size, 3.92403714)
        assert plan[layer].scale == np.float32(127) / threshold


@ALL
@pytest.mark.parametrize("method", ["kl", "aciq"])
def test_every_weight_scale_is_the_tools(name, method):
    model, _ = network(name)
    plan = ours(name, method)
    for layer in model.quantizable:
        weight = model.weight(layer.name, "weight")
        dense3x3 = layer.type == "Convolution" and weight.shape[2:] == (3, 3)
        stride = layer.params.get(3, 1)
        levels, alpha = (31, 3.28691474) if dense3x3 and stride == 1 else (127, 3.92403714)
        for channel, scale in zip(weight, plan[layer.name].weight_scales, strict=True):
            absmax = largest(channel.ravel(), np.float32(0))
            if method == "aciq":
                absmax = gaussian_clip(absmax, channel.size, alpha)
            assert scale == np.float32(levels) / absmax


def test_the_methods_differ_where_activations_have_a_long_tail():
    thresholds = {
        method: {d.layer: d.threshold for d in ours("plain_cnn", method)} for method in METHODS
    }
    ratios = [thresholds["kl"][layer] / widest for layer, widest in thresholds["minmax"].items()]
    assert min(ratios) < 0.5

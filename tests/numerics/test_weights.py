from __future__ import annotations

import numpy as np
import pytest

from workbench.errors import CalibrationError
from workbench.numerics.thresholds.aciq import aciq_threshold
from workbench.numerics.weights import (
    aciq_weight_scales,
    eight_bits_proven_safe,
    largest_accumulators,
    needs_six_bits,
    quantize_weights,
    weight_scales,
)

DENSE = {
    "kernel_w": 3, "kernel_h": 3, "stride_w": 1, "stride_h": 1, "dilation_w": 1, "dilation_h": 1
}  # fmt: skip


def drawn(channels: int = 8, size: int = 72) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(channels, size)).astype(np.float32)


@pytest.mark.parametrize(("bits", "levels"), [(8, 127), (6, 31)])
def test_a_channel_scale_is_a_float32_division(bits: int, levels: int) -> None:
    weight = drawn()
    scales, dead = weight_scales(weight, 8, bits)
    expected = [np.float32(levels) / np.abs(channel).max() for channel in weight]
    np.testing.assert_array_equal(scales, np.array(expected, np.float32))
    assert scales.dtype == np.float32
    assert dead.size == 0


def test_channels_lie_one_after_the_other_in_flat_weights() -> None:
    weight = drawn()
    np.testing.assert_array_equal(
        weight_scales(weight.ravel(), 8).scales, weight_scales(weight, 8).scales
    )


@pytest.mark.parametrize("scales_of", [weight_scales, aciq_weight_scales])
def test_a_dead_channel_gets_one_and_is_named(scales_of: object) -> None:
    weight = drawn()
    weight[2] = 0
    weight[5] = 1e-42  # 127 / 1e-42 is past float32
    scales, dead = scales_of(weight, 8)  # type: ignore[operator]
    assert dead.tolist() == [2, 5]
    assert scales[2] == scales[5] == 1
    assert np.isfinite(scales).all()


@pytest.mark.parametrize(("bits", "levels"), [(8, 127), (6, 31)])
def test_aciq_scales_come_from_the_aciq_threshold_of_each_channel(bits: int, levels: int) -> None:
    weight = drawn(3, 1152)
    scales = aciq_weight_scales(weight, 3, bits).scales
    for channel, scale in zip(weight, scales, strict=True):
        threshold = aciq_threshold(float(np.abs(channel).max()), 1152, bits)
        assert scale == np.float32(levels) / threshold


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_weights_that_are_not_finite_name_their_channel(broken: float) -> None:
    weight = drawn()
    weight[4, 3] = broken
    with pytest.raises(CalibrationError, match="output channel 4"):
        weight_scales(weight, 8)


def test_weights_that_do_not_divide_are_refused() -> None:
    with pytest.raises(CalibrationError, match="576 weights do not divide into 7"):
        weight_scales(drawn(), 7)


def test_other_widths_are_refused() -> None:
    with pytest.raises(CalibrationError, match="7 bits"):
        weight_scales(drawn(), 8, 7)


def test_quantized_weights_use_the_whole_range() -> None:
    weight = drawn()
    for bits, levels in ((8, 127), (6, 31)):
        quantized = quantize_weights(weight, weight_scales(weight, 8, bits).scales)
        np.testing.assert_array_equal(np.abs(quantized).max(axis=1), np.full(8, levels))


def test_only_a_dense_3x3_stride_1_dilation_1_needs_six_bits() -> None:
    assert needs_six_bits(DENSE)
    for name in DENSE:
        assert not needs_six_bits(DENSE | {name: 2})


def test_the_largest_accumulator_is_reached_by_the_worst_input() -> None:
    weight = np.random.default_rng(2).integers(-127, 128, (5, 90)).astype(np.int8)
    worst = 127 * np.sign(weight.astype(np.int64))
    np.testing.assert_array_equal(largest_accumulators(weight), (weight * worst).sum(axis=1))


def test_eight_bits_are_safe_up_to_the_bound_and_no_further() -> None:
    # 127 * sum * 576 < 2^31 holds up to a sum of 29356
    weight = np.zeros((2, 400), np.int8)
    weight[1, :231] = 127
    weight[1, 231] = 19
    assert int(np.abs(weight[1].astype(int)).sum()) == 29356
    assert eight_bits_proven_safe(weight)
    weight[1, 231] = -20
    assert not eight_bits_proven_safe(weight)

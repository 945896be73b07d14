"""The exercises of lesson 4: long tails."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

import workbench as wb
from workbench.lessons.checks import Attempt, Claims, exercise
from workbench.numerics.affine import quantize, scale_of
from workbench.numerics.histogram import Histogram


@exercise
def levels(attempt: Attempt) -> Claims:
    """Count the levels that the numbers from 0 to a largest one get, for a threshold."""
    yield "numbers up to the threshold get all 128 levels", attempt(2.0, 2.0) == 128
    yield "numbers beyond it get no more", attempt(900.0, 2.0) == 128
    yield "numbers that all become 0 have one level", attempt(1.0, 300.0) == 1
    yield "20 of 300 gets 9 levels, as in the lesson", attempt(20.0, 300.0) == 9
    for largest in (0.3, 1.4, 4.2, 7.7):
        expected = int(quantize(np.array(largest, np.float32), scale_of(5.0))) + 1
        yield "it agrees with quantize", attempt(largest, 5.0) == expected


@exercise
def share(attempt: Attempt) -> Claims:
    """Give the share of all numbers, zeros included, that lie above the first t bins."""
    counts = np.array([50, 30, 15, 4, 1])
    yield "nothing lies above the last bin", attempt(counts, 0, 5) == 0
    yield "above 0 bins lie all, if none is zero", attempt(counts, 0, 0) == 1
    yield "one number of a hundred is in the last bin", np.isclose(attempt(counts, 0, 4), 0.01)
    yield "zeros are numbers too", np.isclose(attempt(counts, 100, 4), 0.005)
    random = np.random.default_rng(4).integers(0, 90, 64)
    histogram = Histogram(random, 64.0, zeros=321)
    for t in (7, 31, 60):
        expected = histogram.clipped_share(float(t))
        yield "it agrees with clipped_share", np.isclose(attempt(random, 321, t), expected)


@exercise
def clipping(attempt: Attempt) -> Claims:
    """Give the mean squared error that clipping alone makes."""
    inside = np.array([0.0, 1.0, -1.5, 2.0])
    yield "nothing outside: no error", attempt(inside, 2.0) == 0
    far = np.array([0.0, 0.0, 0.0, 5.0])
    yield "one of four numbers, wrong by 3: 9 / 4", np.isclose(attempt(far, 2.0), 2.25)
    yield "a negative number is clipped too", np.isclose(attempt(-far, 2.0), 2.25)
    x = np.random.default_rng(5).normal(0, 3, 1000)
    for threshold in (1.0, 4.0):
        expected = np.mean((x - x.clip(-threshold, threshold)) ** 2)
        yield "it agrees with NumPy's clip", np.isclose(attempt(x, threshold), expected)


@exercise
def hand(attempt: Attempt) -> Claims:
    """Find a threshold for conv2 by hand, with which the scores are wrong by less than 1 %."""
    threshold = float(attempt.value)
    stats, float_scores = _measured()
    histogram = stats["conv2"]
    yield "it is above 0", threshold > 0
    yield "it is below min-max", threshold < histogram.absmax
    yield "it clips less than 1 number in 100", histogram.clipped_share(threshold) < 0.01
    model = wb.sample("plain_cnn").load()
    plan = wb.calibrate(model, stats).changed("conv2", threshold=threshold)
    error = _scores(wb.int8_model(model, plan)) - float_scores
    wrong = np.mean(error**2) / np.mean(float_scores**2)
    yield "the squared error of the scores is below 1 % of their own square", wrong < 0.01


@cache
def _measured() -> tuple[wb.Statistics, NDArray[np.float32]]:
    sample = wb.sample("plain_cnn")
    model = sample.load()
    return wb.collect(model, sample.images(), progress=False), _scores(model)


def _scores(model: wb.Model) -> NDArray[np.float32]:
    network, images = wb.Network(model), wb.sample("plain_cnn").images()[1:61]
    return np.array([network.run({"data": image}, ["logits"])["logits"] for image in images])

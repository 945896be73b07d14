"""The exercises of lesson 12: the clinic."""

from __future__ import annotations

from functools import cache

import numpy as np

from workbench.calibration.collect import collect
from workbench.calibration.plan import Plan, calibrate
from workbench.lessons.checks import Attempt, Claims, exercise
from workbench.model import Model
from workbench.numerics.metrics import Sums
from workbench.samples import sample
from workbench.simulation.causes import Causes
from workbench.simulation.compare import compare

_CLIPPED, _COARSE = "unit5_expand", "unit3_depthwise"
_HEALTHY_DB = 30.0


@cache
def patient() -> tuple[Model, Plan]:
    """Return a network and a plan in which two layers are ill, each for another reason."""
    model, plan = _healthy()
    low = plan[_CLIPPED].threshold / 6
    coarse = tuple(float(np.float32(scale / 20)) for scale in plan[_COARSE].weight_scales)
    ill = plan.changed(_CLIPPED, threshold=low).changed(_COARSE, weight_scales=coarse)
    return model, ill


@exercise
def cause(attempt: Attempt) -> Claims:
    """Name the largest cause of a layer's error."""
    yield "clipping alone is clipping", attempt(Causes(0.2, 0.0, 0.0, 0.0)) == "clipping"
    yield "6 bits are weights", attempt(Causes(0.01, 0.02, 0.9, 0.01)) == "weights"
    yield "a threshold too high is rounding", attempt(Causes(0, 0.49, 2e-4, 0.3)) == "rounding"
    yield "rounding of the output is rounding", attempt(Causes(0.1, 0, 0.2, 0.3)) == "rounding"
    yield "the two roundings count together", attempt(Causes(0.1, 0.2, 0.3, 0.2)) == "rounding"
    yield (
        "it is the largest, however small all are",
        (attempt(Causes(3e-9, 1e-9, 2e-9, 1e-9)) == "clipping"),
    )


@exercise
def ill(attempt: Attempt) -> Claims:
    """Name the layers that are ill themselves."""
    alone = {"conv1": 21.8, "conv2": -1.8, "conv3": 3.3, "conv4": 31.6, "logits": 44.5}
    yield "healthy layers are not named", list(attempt({"a": 30.0, "b": 41.0}, 20)) == []
    yield "all that are ill are named", set(attempt(alone, 20)) == {"conv2", "conv3"}
    yield "the worst comes first", list(attempt(alone, 30)) == ["conv2", "conv3", "conv1"]
    yield "a layer exactly at the limit is healthy", "a" not in attempt({"a": 20.0}, 20.0)


@exercise
def sqnr(attempt: Attempt) -> Claims:
    """Give the signal to quantization noise ratio in decibels."""
    right = np.array([3.0, -4.0, 0.0], np.float32)
    yield "an error as large as the numbers is 0 dB", np.isclose(attempt(right, 2 * right), 0)
    yield (
        "a tenth of the numbers as error is 20 dB",
        np.isclose(attempt(right, np.float32(1.1) * right), 20, atol=1e-3),
    )
    yield (
        "the sign of the error does not matter",
        np.isclose(attempt(right, right + 1), attempt(right, right - 1)),
    )
    rng = np.random.default_rng(6)
    x = rng.normal(0, 2, (3, 5, 5)).astype(np.float32)
    y = x + rng.normal(0, 0.1, x.shape).astype(np.float32)
    yield "it agrees with the workbench", np.isclose(attempt(x, y), Sums.of(x, y).sqnr_db)
    yield (
        "ten times the numbers, the same SQNR",
        np.isclose(attempt(10 * x, 10 * y), attempt(x, y), rtol=1e-4),
    )


@exercise
def healed(attempt: Attempt) -> Claims:
    """Heal two layers, and change nothing else."""
    model, second = patient()
    plan = attempt.value
    yield "it is a plan", isinstance(plan, Plan)
    changed = {new.layer for new, old in zip(plan, second, strict=True) if new != old}
    yield "something was changed", bool(changed)
    yield "no layer is kept in float", not any(decision.keep_float for decision in plan)
    yield "only layers that are ill were changed", changed <= {_CLIPPED, _COARSE}
    images = sample("mobilenet_v2").images()[1:5]
    report = compare(model, plan, images, progress=False)
    own = [row.alone.sqnr_db for row in report if row.causes and row.alone]
    yield "each layer alone is above 30 dB now", min(own) > _HEALTHY_DB


@cache
def _healthy() -> tuple[Model, Plan]:
    one = sample("mobilenet_v2")
    model = one.load()
    stats = collect(model, one.images()[1:9], progress=False)
    return model, calibrate(model, stats, method="minmax")

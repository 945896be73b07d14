"""Threshold searches, one for each file; `METHODS` has them by their command-line names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds.aciq import aciq
from workbench.numerics.thresholds.kl import kl, kl_step
from workbench.numerics.thresholds.minmax import minmax
from workbench.numerics.thresholds.mse import mse
from workbench.numerics.thresholds.percentile import percentile
from workbench.numerics.thresholds.search import Search
from workbench.numerics.thresholds.step import Step
from workbench.numerics.thresholds.threshold_distribution import (
    threshold_distribution,
    threshold_distribution_step,
)

METHODS: Mapping[str, Callable[[Histogram], Search]] = MappingProxyType(
    {
        "kl": kl,
        "threshold-distribution": threshold_distribution,
        "aciq": aciq,
        "percentile": percentile,
        "mse": mse,
        "minmax": minmax,
    }
)

__all__ = [
    "METHODS",
    "Search",
    "Step",
    "aciq",
    "kl",
    "kl_step",
    "minmax",
    "mse",
    "percentile",
    "threshold_distribution",
    "threshold_distribution_step",
]

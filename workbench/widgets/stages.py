"""The KL searches as a story in five stages: which there are, and what to say at a candidate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from workbench.numerics.histogram import Histogram
from workbench.numerics.thresholds import (
    Search,
    Step,
    kl,
    kl_step,
    threshold_distribution,
    threshold_distribution_step,
)
from workbench.widgets.look import digits, look_of, percent

STAGES = ("Clip", "Collect", "Group", "Expand", "Compare")
BARE = "threshold-distribution-bare"
SPLIT = "A bin that a border cuts takes its parts of both groups' levels."


@dataclass(frozen=True)
class Variant:
    """One KL search, as the picture shows it.

    Attributes:
        label: its name on the page.
        search: the whole search, of a histogram and a number of levels.
        step: the search laid open, of a histogram, a candidate and a number of levels.
        collects: how it collects what is clipped.
        levels: what the level of a group is.
        empties: what becomes of empty bins.
        about: how it differs from its relatives.
    """

    label: str
    search: Callable[[Histogram, int], Search]
    step: Callable[[Histogram, int, int], Step]
    collects: str
    levels: str
    empties: str
    about: tuple[str, ...]


_MASS = (
    "The outlier mass: P gets what is clipped on its last bin, but the groups, and so Q, are made "
    "without it. The gap in that one bin is the price of clipping."
)
_SUM = (
    _MASS + " The mass is a running sum in float32, taken down bin by bin: for late candidates it "
    "is mostly rounding, sometimes even negative."
)
_HALF = (
    "The half bin: the borders lie at multiples of t / levels, so they cut bins. A cut bin gives "
    "its parts to both groups, and takes the same parts of both levels back."
)
_CLASSIC_LEVEL = "its sum divided by the number of its bins that hold anything"

VARIANTS = {
    "kl": Variant(
        look_of("kl").label,
        kl,
        kl_step,
        "The mass is summed anew for each candidate.",
        "its sum divided by its width in bins",
        "Each bin gets its group's level and 0.0001, the empty ones too ({empty} of {kept}).",
        (
            _MASS + " ncnn sums it anew for each candidate.",
            "The empty bins: every bin of P and of Q has 0.0001 beside its share, so no ratio is "
            "infinite, and a group spreads over all of its bins: an empty bin gets as much of Q "
            "as its neighbours.",
            _HALF,
        ),
    ),
    "threshold-distribution": Variant(
        look_of("threshold-distribution").label,
        threshold_distribution,
        threshold_distribution_step,
        "The mass is a float32 running sum, taken down bin by bin.",
        _CLASSIC_LEVEL,
        "No bin counts as empty, for each began with 0.00001 of a value: bins without values "
        "({empty} of {kept}) get their group's level too.",
        (
            _SUM,
            "The empty bins: a group spreads over its nonzero bins only. But the tool starts each "
            "bin at 0.00001 before it counts, so no bin is zero, and this rule never acts.",
            _HALF,
        ),
    ),
    BARE: Variant(
        "KL (classic), bare",
        partial(threshold_distribution, floor=None),
        partial(threshold_distribution_step, floor=None),
        "The mass is a float32 running sum, taken down bin by bin.",
        _CLASSIC_LEVEL,
        "Only bins that hold anything get their group's level: of {kept}, {empty} stay empty in Q.",
        (
            _SUM,
            "The empty bins: without the 0.00001 that the tool puts into each bin, empty bins stay "
            "empty in Q, and the others share what is in the group. If the last kept bin is empty, "
            "the outliers land where Q has nothing: this counts as 1, a jump in the curve.",
            _HALF,
        ),
    ),
}


def tell(
    variant: Variant, histogram: Histogram, search: Search, step: Step, levels: int
) -> tuple[str, ...]:
    """Say what each stage does at one candidate: one text for each of `STAGES`."""
    return (
        _clip(histogram, step),
        _collect(variant, histogram, step),
        _group(variant, step, levels),
        _expand(variant, histogram, step, levels),
        _compare(search, step),
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _clip(histogram: Histogram, step: Step) -> str:
    t, bins = step.bin, histogram.counts.size
    clipped, total = int(histogram.counts[t:].sum()), int(histogram.counts.sum())
    return (
        f"The {_many(t, 'bin')} left of the candidate are kept; {bins - t} of {bins} lie beyond "
        f"it, with {clipped} of {_many(total, 'value')} ({percent(clipped / max(total, 1))})."
    )


def _collect(variant: Variant, histogram: Histogram, step: Step) -> str:
    t = step.bin
    clipped, own = int(histogram.counts[t:].sum()), int(histogram.counts[t - 1])
    exact = clipped / max(int(histogram.counts.sum()), 1)
    said = (
        f"What lies beyond lands on the threshold: {_many(clipped, 'value')} more in the last kept "
        f"bin, {t - 1}, which has {own} of its own. This is P. {variant.collects}"
    )
    if abs(step.outliers - exact) > 0.01 * exact + 1e-12:
        said += f" Rounding has made {digits(step.outliers)} of it, exact is {digits(exact)}."
    return said


def _group(variant: Variant, step: Step, levels: int) -> str:
    t = step.bin
    said = (
        f"The {t} kept bins go into {levels} groups, one for each level of the integers, "
        f"{digits(t / levels, 6)} bins wide; the outliers are left out. A group's level is "
        f"{variant.levels}."
    )
    cuts = [i for i in range(1, levels) if i * t % levels]
    if not cuts:
        return said + " The borders fall between bins: none is cut."
    first = cuts[0]
    place, part = divmod(first * t, levels)
    return said + (
        f" Borders cut {_many(len(cuts), 'bin')}: bin {place} gives {digits(part / levels)} of "
        f"itself to group {first - 1} and {digits(1 - part / levels)} to group {first}."
    )


def _expand(variant: Variant, histogram: Histogram, step: Step, levels: int) -> str:
    empty = int((histogram.counts[: step.bin] == 0).sum())
    said = f"The groups are laid out over the {step.bin} bins again: this is Q. "
    said += variant.empties.format(empty=empty, kept=step.bin)
    return f"{said} {SPLIT}" if step.bin % levels else said


def _compare(search: Search, step: Step) -> str:
    shares = step.shares.astype(np.float64)
    above, below = shares[shares > 0].sum(), np.abs(shares[shares < 0]).sum()
    said = (
        f"A bin's share is P log(P / Q). Bins with more in P than in Q add {digits(above)}, the "
        f"others take {digits(below)} away: the divergence is {digits(step.loss)} nats"
    )
    said += f", {digits(float(shares[-1]))} of it from the last bin, with the outliers."
    if step.clipped[-1] < 0:
        return said + " P's last bin is below 0 by rounding: the search cannot take it."
    if step.clipped[-1] > 0 and step.expanded[-1] == 0:
        said += " Q has nothing there, which counts as 1."
    if step.bin == search.bin:
        return said + " This is the candidate that the search takes."
    return said + f" The search takes candidate {search.bin}, with {digits(search.loss)}."

"""What the bars of the error chart stand for: kinds of errors, metrics, axes, words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from workbench.session import Figure, LiveReport, Session, Split
from workbench.simulation.causes import Causes
from workbench.widgets.look import decibels, digits, look_of, percent

IN_FLOAT = "kept in float"
UNKNOWN = "not measured yet"
CAUSES = {
    "clipping": "clipped",
    "activation rounding": "kept",
    "weight rounding": "purple",
    "output rounding": "green",
}
"""What a layer's error comes from, in the order of `Causes`, and the colour of each."""


@dataclass(frozen=True)
class Metric:
    """One way to measure the distance from the float network.

    Attributes:
        label: its name.
        better: "higher" or "lower".
        place: where a value lies along the axis; steps of 1 are decades where it is logarithmic.
        mark: the value at a place, in words.
        say: a value in words.
        step: the axis ends at a multiple of it.
        from_zero: whether the axis begins at place 0; else at the least value.
    """

    label: str
    better: str
    place: Callable[[float], float]
    mark: Callable[[float], str]
    say: Callable[[float], str]
    step: int = 1
    from_zero: bool = False


def _logarithm(value: float) -> float:
    return math.log10(value) if value > 0 else -math.inf


def _nines(cosine: float) -> float:
    return -_logarithm(1 - cosine)


def _power(place: float) -> str:
    return digits(10**place, 3)


def _say_cosine(cosine: float) -> str:
    """With three digits of what is missing to 1."""
    nines = _nines(cosine)
    return f"{cosine:.{max(3, math.ceil(nines) + 2)}f}" if math.isfinite(nines) else "1"


def _say_share(value: float) -> str:
    return percent(value) if math.isfinite(value) else "unbounded"


METRICS = {
    "sqnr_db": Metric(
        "SQNR", "higher", float, lambda p: f"{p:g} dB", decibels, step=10, from_zero=True
    ),
    "cosine": Metric(
        "cosine",
        "higher",
        _nines,
        lambda p: "0." + "9" * round(p) if p else "0",
        _say_cosine,
        from_zero=True,
    ),
    "angle_degrees": Metric(
        "angle", "lower", _logarithm, lambda p: f"{_power(p)}°", lambda v: f"{digits(v, 3)}°"
    ),
    "mae": Metric("mean absolute error", "lower", _logarithm, _power, lambda v: digits(v, 3)),
    "mre": Metric("mean relative error", "lower", _logarithm, lambda p: percent(10**p), _say_share),
    "mre_filtered": Metric(
        "mean relative error up to 100 %",
        "lower",
        _logarithm,
        lambda p: percent(10**p),
        _say_share,
    ),
}
"""By the name of the attribute of `workbench.simulation.compare.Metrics`."""


@dataclass(frozen=True)
class Bar:
    """One layer's bar.

    Attributes:
        layer: the layer's name.
        value: what it stands for: of a metric, or causes; None if there is nothing.
        was: the same before the present gesture.
        fresh: whether the value is of the present plan.
        colour: a name of look.css.
        hollow: whether the layer stays in float.
    """

    layer: str
    value: float | Causes | None
    was: float | Causes | None = None
    fresh: bool = True
    colour: str = "line"
    hollow: bool = False


def input_bars(session: Session, report: LiveReport, _: str) -> Iterator[Bar]:
    """The error of each layer's input, off its histogram alone."""
    for decision in session.plan:
        yield Bar(
            decision.layer,
            session.reading(decision.layer).sqnr_db,
            _reading_before(session, report, decision.layer),
            colour=look_of(decision.method).colour,
            hollow=decision.keep_float,
        )


def own_bars(session: Session, report: LiveReport, metric: str) -> Iterator[Bar]:
    """The error of each layer on the float network's blobs."""
    before = report.before.own if report.before else {}
    for decision in session.plan:
        yield _bar(decision.layer, report.own, before, metric, decision.keep_float)


def accumulated_bars(session: Session, report: LiveReport, metric: str) -> Iterator[Bar]:
    """The error of each layer in the int8 network as a whole."""
    before = report.before.accumulated if report.before else {}
    kept = {decision.layer for decision in session.plan if decision.keep_float}
    for layer in report.accumulated:
        yield _bar(layer, report.accumulated, before, metric, layer in kept)


def cause_bars(session: Session, report: LiveReport, _: str) -> Iterator[Bar]:
    """What the error of each layer alone comes from."""
    nothing: Mapping[str, Split] = {}
    before = report.before.causes if report.before else nothing
    for decision in session.plan:
        split, was = report.causes[decision.layer], before.get(decision.layer, Split())
        hollow = decision.keep_float
        yield Bar(decision.layer, split.causes, was.causes, split.fresh, hollow=hollow)


def _bar(
    layer: str,
    figures: Mapping[str, Figure],
    before: Mapping[str, Figure],
    metric: str,
    hollow: bool,
) -> Bar:
    now, was = (group.get(layer, Figure()).metrics for group in (figures, before))
    value, old = (None if m is None else float(getattr(m, metric)) for m in (now, was))
    return Bar(layer, value, old, figures[layer].fresh, hollow=hollow)


def _reading_before(session: Session, report: LiveReport, layer: str) -> float | None:
    if report.before is None:
        return None
    return session.reading(layer, report.before.plan[layer].threshold).sqnr_db


@dataclass(frozen=True)
class Axis:
    """The axis of a metric over some values.

    Attributes:
        metric: what is drawn.
        low, high: the places of its ends (`Metric.place`).
    """

    metric: Metric
    low: float
    high: float

    @classmethod
    def of(cls, metric: Metric, values: Sequence[float]) -> Axis:
        """An axis that all values which are not infinite have room on."""
        places = [place for place in map(metric.place, values) if math.isfinite(place)] or [0.0]
        high = metric.step * math.ceil(max(places) / metric.step)
        low = 0 if metric.from_zero else metric.step * math.floor(min(places) / metric.step)
        return cls(metric, low, max(high, low + metric.step))

    def height(self, value: float) -> float:
        """Height of a value, 0 to 1."""
        return min(max((self.metric.place(value) - self.low) / (self.high - self.low), 0.0), 1.0)

    @property
    def ticks(self) -> list[dict[str, Any]]:
        """Heights and words of up to six marks."""
        every = self.metric.step * math.ceil((self.high - self.low) / self.metric.step / 5)
        count = int((self.high - self.low) // every) + 1
        places = [self.low + number * every for number in range(count)]
        span = self.high - self.low
        return [{"at": (p - self.low) / span, "text": self.metric.mark(p)} for p in places]


def shares(causes: Causes) -> list[float]:
    """Share of each cause, 0 to 1; nothing if there is no error."""
    return [part / causes.total for part in astuple(causes)] if causes.total else []


def say_causes(causes: Causes) -> str:
    """The whole error, and the share of each cause in it."""
    if not causes.total:
        return "no error"
    parts = zip(CAUSES, shares(causes), strict=True)
    said = ", ".join(f"{name} {percent(round(share, 3))}" for name, share in parts)
    return f"mean squared error {digits(causes.total, 3)} ({said})"

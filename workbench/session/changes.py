"""What differs between two states of a session, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass, fields

from workbench.calibration.plan import LayerPlan
from workbench.session.history import State

Value = str | float | int | bool | tuple[float, ...]
WHAT = tuple(f.name for f in fields(LayerPlan) if f.name not in ("layer", "type"))


@dataclass(frozen=True)
class Change:
    """One thing that is decided differently for one layer.

    Attributes:
        layer: the layer's name.
        what: an attribute of `LayerPlan` (method, threshold, bits, weight_scales, keep_float),
            or "untied".
        before, after: its two values.
    """

    layer: str
    what: str
    before: Value
    after: Value

    def __str__(self) -> str:
        if isinstance(self.before, tuple) and isinstance(self.after, tuple):
            other = sum(a != b for a, b in zip(self.before, self.after, strict=True))
            return f"{self.layer}: {other} of {len(self.after)} weight scales"
        return f"{self.layer}: {self.what} {_short(self.before)} → {_short(self.after)}"


def changes(before: State, after: State) -> tuple[Change, ...]:
    """List what differs between two states of one network, in the network's order."""
    found = []
    for old, new in zip(before.plan, after.plan, strict=True):
        pairs = {what: (getattr(old, what), getattr(new, what)) for what in WHAT}
        pairs["untied"] = old.layer in before.untied, new.layer in after.untied
        found += [Change(old.layer, what, a, b) for what, (a, b) in pairs.items() if a != b]
    return tuple(found)


def _short(value: Value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)

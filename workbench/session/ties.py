"""Layers that read one blob, through a Split or at once, and so move together.

In ncnn's fusion the layer before a Split hands on int8 in a single scale: branches with
thresholds of their own would read it in the wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.calibration.plan import Plan
from workbench.errors import CalibrationError
from workbench.session.history import State


def siblings(blobs: Mapping[str, str], layer: str) -> tuple[str, ...]:
    """All layers that read a layer's blob, itself included, in the network's order.

    Args:
        blobs: `Statistics.layers`, which gives blobs after a Split the name of its bottom.
        layer: a quantizable layer.
    """
    return tuple(name for name, blob in blobs.items() if blob == blobs[layer])


def untied_at_first(blobs: Mapping[str, str], plan: Plan) -> frozenset[str]:
    """The layers that a plan gives another threshold than a sibling: to tie them would lie."""
    threshold = {decision.layer: decision.threshold for decision in plan}
    return frozenset(
        layer
        for layer in threshold
        if any(threshold[other] != threshold[layer] for other in siblings(blobs, layer))
    )


def tied(blobs: Mapping[str, str], state: State, layer: str) -> tuple[str, ...]:
    """The layers that move when `layer` does, itself included."""
    if layer in state.untied:
        return (layer,)
    return tuple(name for name in siblings(blobs, layer) if name not in state.untied)


def others(blobs: Mapping[str, str], layer: str) -> tuple[str, ...]:
    """The siblings of a layer without itself.

    Raises:
        CalibrationError: there are none, so that there is nothing to tie or untie.
    """
    found = tuple(name for name in siblings(blobs, layer) if name != layer)
    if not found:
        raise CalibrationError(
            f"no other layer reads its input {blobs[layer]}", where=f"layer {layer}"
        )
    return found

"""Where two runs of one network part, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.graph import Layer
from workbench.numerics.weights import needs_six_bits
from workbench.ops import values
from workbench.simulation.blob import Blob, Run

_FEW = 4
"""Steps of the last place, of the blob's largest value, by which another order of roundings can
move a number: near zero, where a bias or a ReLU cancels, that is many steps of its own."""


@dataclass(frozen=True)
class Difference:
    """The first element in which two runs differ.

    Attributes:
        layer: name of the layer that computed it; all blobs before are equal.
        blob: the blob.
        index: where in the blob; empty if the blobs differ as a whole.
        ours: the simulator's value, or dtype and shape.
        theirs: the other value.
        ulps: steps of the last place between the two (of the int8 step for int8); 0 if the
            blobs differ as a whole.
        count: how many elements of the blob differ.
        reason: why, in words, as far as can be told.
    """

    layer: str
    blob: str
    index: tuple[int, ...]
    ours: float | str
    theirs: float | str
    ulps: int
    count: int
    reason: str

    def __str__(self) -> str:
        where = f"{self.blob}{list(self.index)}" if self.index else self.blob
        return (
            f"layer {self.layer}: {where} is {self.ours} here and {self.theirs} there "
            f"({self.ulps} steps of the last place; {self.count} elements differ). {self.reason}"
        )


def first_difference(ours: Run, theirs: Mapping[str, NDArray[Any]]) -> Difference | None:
    """Compare a simulated run with blobs that were computed elsewhere.

    Args:
        ours: the simulated run.
        theirs: blobs by name, int8 or float32, as of `workbench.engine.Network.run_raw`; those
            that are missing are passed over. Zeros of either sign are equal, and so are NaN.

    Returns:
        The first difference in the order of the network, or None.
    """
    for name, blob in ours.blobs.items():
        if name in theirs and not _equal(blob.array, theirs[name]):
            return _difference(ours.graph.producers[name], name, blob, theirs[name])
    return None


def _equal(ours: NDArray[Any], theirs: NDArray[Any]) -> bool:
    alike = (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    return alike and bool(_same(ours, theirs).all())


def _difference(layer: Layer, name: str, blob: Blob, theirs: NDArray[Any]) -> Difference:
    ours = blob.array
    if (ours.dtype, ours.shape) != (theirs.dtype, theirs.shape):
        looks = [f"{array.dtype} of shape {array.shape}" for array in (ours, theirs)]
        reason = "Other layers hand int8 on there, or the input has another shape."
        return Difference(layer.name, name, (), looks[0], looks[1], 0, ours.size, reason)
    differ = ~_same(ours, theirs)
    index = tuple(int(i) for i in np.argwhere(differ)[0])
    steps = np.abs(_places(ours) - _places(theirs))
    return Difference(
        layer=layer.name,
        blob=name,
        index=index,
        ours=ours[index].item(),
        theirs=theirs[index].item(),
        ulps=int(steps[index]),
        count=int(np.count_nonzero(differ)),
        reason=_reason(layer, blob, _is_rounding(ours, theirs)),
    )


def _same(ours: NDArray[Any], theirs: NDArray[Any]) -> NDArray[np.bool_]:
    """Which elements are equal; NaN equals NaN."""
    same: NDArray[np.bool_] = (ours == theirs) | ((ours != ours) & (theirs != theirs))
    return same


def _places(array: NDArray[Any]) -> NDArray[np.int64]:
    """Number all values of a dtype from the least to the greatest."""
    if array.dtype == np.int8:
        return array.astype(np.int64)
    bits = array.view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)


def _is_rounding(ours: NDArray[Any], theirs: NDArray[Any]) -> bool:
    if ours.dtype == np.int8:
        step = 1.0
    else:
        step = float(np.spacing(np.abs(ours[np.isfinite(ours)]).max(initial=0.0))) * _FEW
    with np.errstate(invalid="ignore"):  # infinite minus infinite: equal, or no rounding
        apart = np.abs(ours.astype(np.float64) - theirs)
    return bool((_same(ours, theirs) | (apart <= step)).all())


def _reason(layer: Layer, blob: Blob, rounding: bool) -> str:
    if blob.source == "input":
        return "The networks were fed with different inputs."
    if blob.source.startswith("ncnn"):
        return (
            "ncnn computed both from the same blobs: with other options (packing, half "
            "precision), in another version, or on another machine."
        )
    if rounding:
        return (
            "Only the last place differs: sum * scale + bias is rounded once on machines with a "
            "fused multiply-add and twice elsewhere, and with packing on ncnn's depthwise layers "
            "take an approximate reciprocal for the scale."
        )
    if layer.type == "Convolution" and needs_six_bits(values(layer)):
        return (
            "A dense 3x3 convolution of stride 1 runs as int8 Winograd, whose 32-bit sums "
            "overflow where a sum is larger than 2^31 / 576: give it 6-bit weights."
        )
    return "So much is no rounding: the weights or the scales differ."

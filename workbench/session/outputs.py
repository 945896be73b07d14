"""What the network says of the probe images, in float and in int8."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from workbench.numerics import metrics
from workbench.simulation.blob import Run

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Pair:
    """One output of the network for one probe.

    Attributes:
        blob: its name.
        expected, got: float32, in float and in int8 (in real units); their shapes differ only
            where a network's own output has no fixed shape.
    """

    blob: str
    expected: Array
    got: Array

    @property
    def same_shape(self) -> bool:
        """Whether the two can be compared element by element."""
        return self.expected.shape == self.got.shape

    @cached_property
    def cosine(self) -> float:
        """1 for the same direction; NaN if they cannot be compared."""
        return metrics.cosine(self.expected, self.got) if self.same_shape else float("nan")

    @cached_property
    def sqnr_db(self) -> float:
        """Signal to quantization noise in dB; NaN if they cannot be compared."""
        return metrics.sqnr(self.expected, self.got) if self.same_shape else float("nan")

    @property
    def is_vector(self) -> bool:
        """Whether it is a row of at least two numbers, such as scores of classes."""
        return self.same_shape and 1 < self.expected.size == max(self.expected.shape)

    @cached_property
    def are_shares(self) -> bool:
        """Whether float's numbers can be probabilities: none below 0, and their sum is 1."""
        return bool(self.expected.min() >= 0 and abs(self.expected.sum() - 1) < 1e-3)

    def top(self, count: int = 5) -> tuple[int, ...]:
        """The classes that either names among its first `count`, in the order of float."""
        a, b = self.expected.ravel(), self.got.ravel()
        first = {int(i) for scores in (a, b) for i in np.argsort(-scores, kind="stable")[:count]}
        return tuple(sorted(first, key=lambda i: (-a[i], -b[i], i)))


@dataclass(frozen=True, eq=False)
class Answer:
    """The outputs for one probe.

    Attributes:
        pairs: one for each output blob, in the network's order; none before the probe was run.
        fresh: whether they are of the report's plan; if not, of an earlier one.
    """

    pairs: tuple[Pair, ...] = ()
    fresh: bool = False

    def classes(self, output: str = "") -> Pair | None:
        """The class scores: a vector, of the output of this name or the only one there is."""
        chosen = [pair for pair in self.pairs if pair.blob == output or not output]
        return chosen[0] if len(chosen) == 1 and chosen[0].is_vector else None

    def agrees(self, output: str = "") -> bool | None:
        """Whether both name the same class first; None without class scores."""
        pair = self.classes(output)
        return None if pair is None else bool(pair.expected.argmax() == pair.got.argmax())


def pairs_of(reference: Run, run: Run) -> tuple[Pair, ...]:
    """The outputs of a float run and of an int8 run of one probe."""
    outputs = reference.graph.outputs
    return tuple(Pair(blob, reference[blob].real, run[blob].real) for blob in outputs)

"""A sample of what a layer sees: input columns, and the outputs that belong to them.

A convolution is a matrix product of its weights with the columns of its input, one column for
each output position. A random sample of positions over all images stands for the whole layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.graph import Layer
from workbench.ops import Values, values
from workbench.ops.kernels.convolution import border

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Columns:
    """Sampled columns of one layer.

    Attributes:
        inputs: float32 (groups, elements, samples).
        outputs: float32 (channels, samples), of the float layer with its activation.
        weights: float32 (samples,), 1 / energy of the image's sample, so that an image with
            large values counts no more than another.
    """

    inputs: Array
    outputs: Array
    weights: Array

    @classmethod
    def of_image(cls, inputs: Array, outputs: Array) -> Columns:
        """Samples of one image."""
        energy = float((outputs.astype(np.float64) ** 2).sum())
        weight = np.float32(1 / energy if energy else 0)
        return cls(inputs, outputs, np.full(outputs.shape[1], weight))

    def __add__(self, other: Columns) -> Columns:
        """Put samples of another image behind these."""
        return Columns(
            np.concatenate([self.inputs, other.inputs], axis=2),
            np.concatenate([self.outputs, other.outputs], axis=1),
            np.concatenate([self.weights, other.weights]),
        )


def sample_columns(
    layer: Layer, bottom: Array, top: Array, count: int, rng: np.random.Generator
) -> Columns:
    """Draw output positions of one image, and gather what belongs to them.

    Args:
        layer: a Convolution, ConvolutionDepthWise or InnerProduct.
        bottom: float32, its bottom blob.
        top: float32, its top blob.
        count: how many positions; all of them if there are fewer.
        rng: where chance comes from.
    """
    given = values(layer)
    if layer.type == "InnerProduct":
        return _rows(given, bottom, top, count, rng)
    flat = top.reshape(top.shape[0], -1)
    chosen = rng.permutation(flat.shape[1])[:count]
    groups = given.get("group", 1)
    columns = _gather(given, bottom, *np.divmod(chosen, top.shape[2]))
    return Columns.of_image(columns.reshape(groups, -1, chosen.size), flat[:, chosen])


def _rows(
    given: Values, bottom: Array, top: Array, count: int, rng: np.random.Generator
) -> Columns:
    """An InnerProduct has one column, or one for each row of a 2-D bottom."""
    inputs = given.weight_data_size // given.num_output
    rows = bottom.reshape(-1, inputs)
    outputs = top.reshape(rows.shape[0], -1)
    chosen = rng.permutation(rows.shape[0])[:count]
    return Columns.of_image(np.ascontiguousarray(rows[chosen].T)[None], outputs[chosen].T)


def _gather(
    given: Values, bottom: Array, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> Array:
    """The elements under the kernel at each output position: (channels, taps, positions)."""
    above, below, left, right = border(given, bottom.shape[1:])
    padded = np.pad(bottom, ((0, 0), (above, below), (left, right)))
    taps = [
        padded[
            :,
            rows * given.stride_h + y * given.dilation_h,
            columns * given.stride_w + x * given.dilation_w,
        ]
        for y in range(given.kernel_h)
        for x in range(given.kernel_w)
    ]
    return np.stack(taps, axis=1)

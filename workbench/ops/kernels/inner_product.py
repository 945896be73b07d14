"""The integer kernel of InnerProduct."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.ops.kernels.kernel import Kernel, Sums, exact_dtype, wrap
from workbench.ops.op import Values


def _sums(values: Values, weight: NDArray[np.int8]) -> Sums:
    """Sums (num_output,) of a blob that is taken as one row, or (h, num_output) of its rows."""
    dtype = exact_dtype(weight)
    matrix: NDArray[Any] = weight.T.astype(dtype)

    def sums(x: NDArray[np.int8]) -> NDArray[Any]:
        rows = x if _has_rows(x.shape, weight.shape[1]) else x.reshape(-1)
        return wrap(rows.astype(dtype) @ matrix)

    return sums


def _has_rows(shape: tuple[int, ...], inputs: int) -> bool:
    return len(shape) == 2 and shape[1] == inputs


def _accepts(values: Values, shape: tuple[int, ...]) -> bool:
    return len(shape) <= 3


KERNELS = (Kernel("InnerProduct", _sums, _accepts, lambda values: "inner product", -1),)

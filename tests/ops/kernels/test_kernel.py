from __future__ import annotations

import numpy as np
import pytest

from workbench.ops import OPS
from workbench.ops.kernels import KERNELS
from workbench.ops.kernels.kernel import exact_dtype


def test_every_kernel_is_of_a_known_op():
    assert set(KERNELS) <= set(OPS)


@pytest.mark.parametrize(
    ("magnitude", "dtype"), [((1 << 24) // 127, np.float32), ((1 << 24) // 127 + 1, np.float64)]
)
def test_float32_holds_sums_up_to_two_to_the_24th(magnitude, dtype):
    """The bound is of one row, whatever the others are, and of magnitudes, whatever the signs."""
    count, rest = divmod(magnitude, 127)
    weight = np.zeros((3, count + 1), np.int8)
    weight[1] = [*([-127] * count), rest]
    assert exact_dtype(weight) is dtype

from __future__ import annotations

import numpy as np
import pytest

from workbench.graph import Layer
from workbench.ops import values
from workbench.ops.kernels import KERNELS


@pytest.mark.parametrize(
    ("shape", "inputs", "result"),
    [((12,), 12, (5,)), ((3, 4), 12, (5,)), ((3, 4), 4, (3, 5)), ((1, 4), 4, (1, 5)),
     ((2, 3, 2), 12, (5,))],
)  # fmt: skip
def test_rows_of_the_right_length_are_kept_and_all_else_is_one_row(shape, inputs, result):
    kernel = KERNELS["InnerProduct"]
    given = values(Layer("InnerProduct", "x", ("a",), ("b",), {0: 5, 2: 5 * inputs}))
    rng = np.random.default_rng(0)
    weight = rng.integers(-127, 128, (5, inputs)).astype(np.int8)
    x = rng.integers(-127, 128, shape).astype(np.int8)
    assert kernel.accepts(given, shape)
    found = kernel.sums(given, weight)(x)
    assert found.shape == result
    expected = x.reshape(-1, inputs).astype(np.int64) @ weight.T.astype(np.int64)
    np.testing.assert_array_equal(found.reshape(-1, 5), expected)


def test_sums_beyond_int32_wrap_as_an_accumulator_does():
    given = values(Layer("InnerProduct", "x", ("a",), ("b",), {0: 1, 2: 140000}))
    weight = np.full((1, 140000), 127, np.int8)
    found = KERNELS["InnerProduct"].sums(given, weight)(weight[0])
    assert found[0] == 140000 * 127 * 127 - 2**32

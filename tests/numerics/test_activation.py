from __future__ import annotations

import numpy as np
import pytest

from workbench.numerics.activation import activation

X = np.array([-100, -2, -0.5, 0, 0.5, 2, 100], np.float32)


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        (0, (), X),
        (1, (), [0, 0, 0, 0, 0.5, 2, 100]),
        (2, (0.5,), [-50, -1, -0.25, 0, 0.5, 2, 100]),
        (3, (-1, 1.5), [-1, -1, -0.5, 0, 0.5, 1.5, 1.5]),
        (4, (), [0, 0.119203, 0.377541, 0.5, 0.622459, 0.880797, 1]),
        (5, (), [0, -0.252501, -0.220744, 0, 0.375245, 1.943959, 100]),
        (6, (1 / 6, 0.5), [0, -1 / 3, -5 / 24, 0, 7 / 24, 5 / 3, 100]),
    ],
)
def test_each_type_is_what_its_formula_says(kind, params, expected):
    found = activation(X, kind, params)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.array(expected, np.float32), rtol=1e-5, atol=1e-6)

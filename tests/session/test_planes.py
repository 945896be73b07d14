from __future__ import annotations

import numpy as np

from workbench.session.outputs import Pair
from workbench.session.planes import CURVE, MAP, plane_of


def plane(expected, got):
    return plane_of(Pair("out", expected.astype(np.float32), got.astype(np.float32)))


def test_a_vector_is_one_row():
    shown = plane(np.arange(5), np.arange(5) + 1)
    assert shown.expected.tolist() == [[0, 1, 2, 3, 4]]
    assert shown.difference.tolist() == [[1] * 5]


def test_of_several_channels_the_worst_is_shown():
    expected = np.zeros((3, 4, 4))
    got = expected.copy()
    got[1, 2, 3] = -2
    shown = plane(expected, got)
    assert "channel 1 of 3" in shown.about
    assert shown.difference[2, 3] == -2


def test_a_large_map_shrinks_and_keeps_its_worst_element():
    expected = np.ones((300, 500))
    got = expected.copy()
    got[123, 456] = -7
    shown = plane(expected, got)
    assert shown.expected.shape == (MAP, MAP)
    assert np.array_equal(shown.expected, np.ones((MAP, MAP)))
    assert shown.difference.min() == -8
    assert np.count_nonzero(shown.difference) == 1


def test_a_long_curve_shrinks():
    shown = plane(np.arange(1601), np.arange(1601))
    assert shown.expected.shape == (1, CURVE)
    assert np.all(np.diff(shown.expected) > 0)


def test_different_shapes_have_no_picture():
    assert plane(np.zeros((2, 2)), np.zeros((3, 2))) is None

from __future__ import annotations

import numpy as np
import pytest

from workbench.graph import Layer
from workbench.ops import values
from workbench.simulation.integer.tabulated import is_tabulated, prepare_tables, tabulated


def of(type: str, params: dict[int, object] | None = None):
    return values(Layer(type, "l", ("x",), ("y",), params or {}))


def test_each_channel_has_a_table_of_its_own_scale_and_slope():
    bottom, top = np.float32([10, 20]), np.float32([10, 40])
    tables = prepare_tables("PReLU", of("PReLU", {0: 2}), np.float32([0.5, 0.25]), bottom, top)
    assert tables.shape == (2, 256)
    x = np.array([[[10, -10]], [[10, -20]]], np.int8)
    assert tabulated(x, tables).tolist() == [[[10, -5]], [[20, -10]]]


def test_one_table_serves_all_channels():
    tables = prepare_tables("Sigmoid", of("Sigmoid"), None, np.float32([16]), np.float32([127]))
    assert tables.shape == (1, 256)
    assert tabulated(np.array([-127, 0, 127], np.int8), tables).tolist() == [0, 64, 127]


def test_what_is_no_function_of_one_element_has_no_table():
    assert not is_tabulated("Softmax", of("Softmax"))
    with pytest.raises(ValueError, match="Softmax is no function of one element"):
        prepare_tables("Softmax", of("Softmax"), None, np.float32([1]), np.float32([1]))

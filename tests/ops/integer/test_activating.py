from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from workbench.graph import Layer
from workbench.ops import values
from workbench.ops.integer.activating import (
    EVERYTHING,
    Bounds,
    look_up,
    prepare_bounds,
    prepare_table,
    relu,
)
from workbench.ops.integer.functions import FUNCTIONS, function_of
from workbench.ops.op import Values

EVERY = np.arange(-127, 128, dtype=np.int8)
SCALES = st.floats(0.5, 200)


def layer(type: str, params: dict[int, Any] | None = None) -> Layer:
    return Layer(type, "x", ("a",), ("b",), params or {})


def test_relu_is_ncnns_on_levels(ncnn: Any) -> None:
    assert relu(EVERY).dtype == np.int8
    np.testing.assert_array_equal(relu(EVERY), ncnn(layer("ReLU"), EVERY)[0])


def test_relu6_holds_6_times_the_scale() -> None:
    assert prepare_bounds(0, 6, 15.0) == Bounds(0, 90)


def test_of_two_top_scales_the_larger_gives_the_bounds() -> None:
    assert prepare_bounds(0, 6, 15.0, 20.0) == Bounds(0, 120)
    assert prepare_bounds(0, 6, 15.0, 30.0) == Bounds(0, 127)


def test_the_fork_shifts_the_bound_down() -> None:
    # 20.3 at 7 bits: E = 20.3 * 2^3 = 162.4, so 162; int(6 * 162) >> 3 = 121, where 121.8 is true
    assert prepare_bounds(0, 6, 20.3, flavour="floor", bits=7) == Bounds(0, 121)
    assert prepare_bounds(0, 6, 20.3) == Bounds(0, 122)


def test_no_bound_is_the_end_of_the_range() -> None:
    assert prepare_bounds(-np.inf, np.inf, 3.0) == EVERYTHING
    assert prepare_bounds(-np.inf, np.inf, 3.0, flavour="floor") == EVERYTHING


# --- tables ---

TABLED = [
    ("AbsVal", {}),
    ("BNLL", {}),
    ("CELU", {0: 0.7}),
    ("Clip", {0: -1.0, 1: 1.5}),
    ("Dropout", {0: 0.5}),
    ("ELU", {0: 0.3}),
    ("Erf", {}),
    ("Exp", {0: -1.0, 1: 0.5, 2: 0.1}),
    ("Exp", {0: 2.0}),
    ("GELU", {}),
    ("GELU", {0: 1}),
    ("HardSigmoid", {0: 1 / 6, 1: 0.5}),
    ("HardSwish", {0: 1 / 6, 1: 0.5}),
    ("Log", {0: -1.0, 1: 0.1, 2: 2.0}),
    ("Log", {0: 2.0, 1: 0.1, 2: 2.0}),
    ("Mish", {}),
    ("Power", {0: 2.0, 1: 0.5, 2: 1.0}),
    ("ReLU", {0: 0.1}),
    ("SELU", {}),
    ("Shrink", {0: 0.25, 1: 0.5}),
    ("Sigmoid", {}),
    ("Softplus", {}),
    ("Swish", {}),
    ("TanH", {}),
    ("Threshold", {0: 0.3}),
    *(("UnaryOp", {0: op}) for op in (0, 1, 2, 3, 4, 7, 9, 10, 14, 16, 18, 19, 20, 21, 22, 23, 24)),
    *(("BinaryOp", {0: op, 1: 1, 2: 1.5}) for op in (0, 1, 2, 3, 4, 5, 7, 8, 9)),
]


@pytest.mark.parametrize(("type", "params"), TABLED)
def test_a_table_is_within_half_a_level_of_ncnns_layer(
    ncnn: Any, type: str, params: dict[int, Any]
) -> None:
    bottom, top = 32.0, 20.0
    given = layer(type, params)
    function = function_of(type, values(given))
    assert function is not None
    x = EVERY[EVERY != 0] if (type, params.get(0)) == ("BinaryOp", 8) else EVERY  # 1.5 / 0
    ours = look_up(x, prepare_table(function, bottom, top))
    assert ours.dtype == np.int8
    real = (x / np.float32(bottom)).astype(np.float32)
    theirs = ncnn(given, real.reshape(1, 1, -1))[0].ravel().astype(np.float64) * top
    assert np.abs(ours - theirs.clip(-127, 127)).max() <= 0.5 + 0.02


@pytest.mark.parametrize("op", [5, 6, 8, 11, 12, 13, 15, 17])
def test_a_function_with_a_narrow_domain_is_ncnns_inside_of_it(ncnn: Any, op: int) -> None:
    # sqrt, rsqrt, log, tan, asin, acos, reciprocal, log10
    given = layer("UnaryOp", {0: op})
    real = np.arange(1, 127, dtype=np.float32) / 128
    function = function_of("UnaryOp", values(given))
    assert function is not None
    theirs = ncnn(given, real.reshape(1, 1, -1))[0].ravel()
    np.testing.assert_allclose(function(real.astype(np.float64)), theirs, rtol=1e-3, atol=1e-3)


def test_every_function_is_tried() -> None:
    assert {type for type, _ in TABLED} == set(FUNCTIONS)


def test_what_is_not_finite_saturates() -> None:
    with np.errstate(divide="ignore", invalid="ignore"):
        table = prepare_table(np.log, 1.0, 10.0)
    assert look_up(np.array([-1, 0, 1], np.int8), table).tolist() == [-127, -127, 0]


def test_a_table_is_read_only_and_has_an_entry_for_every_int8() -> None:
    table = prepare_table(np.tanh, 30.0, 127.0)
    assert table.dtype == np.int8
    assert table.shape == (256,)
    assert look_up(np.array([-128, 127], np.int8), table).tolist() == [-127, 127]
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 1


@pytest.mark.parametrize(
    ("type", "params"),
    [("Softmax", Values({})), ("BinaryOp", Values({"op_type": 0, "with_scalar": 0, "b": 0.0}))],
)
def test_what_looks_at_several_elements_has_no_table(type: str, params: Values) -> None:
    assert function_of(type, params) is None

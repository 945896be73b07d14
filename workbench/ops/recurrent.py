"""Recurrent layers: the output at one step is an input of the next.

Source: Tencent/ncnn, src/layer/rnn.cpp, lstm.cpp, gru.cpp: load_param and load_model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.ops.op import (
    INT_MAX,
    Count,
    Int8,
    Op,
    Param,
    Same,
    Values,
    WeightSpec,
    integer,
    raw,
    tagged,
)
from workbench.ops.shape_rules import Shape, require

_GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}
_BIASES = {"RNN": 1, "LSTM": 4, "GRU": 4}


def _recurrent(type: str, about: str, *more: Param, states: int) -> Op:
    """Describe a recurrent layer; `states` blobs may enter and leave besides the sequence."""
    gates, biases = _GATES[type], _BIASES[type]

    def rows(values: Values) -> tuple[int, int]:
        """Directions, and rows of the weights for one of them."""
        hidden: int = values.get("hidden_size", values.num_output)
        return 2 if values.direction == 2 else 1, hidden * gates

    def check(values: Values) -> Iterator[str]:
        directions, height = rows(values)
        if values.weight_data_size % (directions * height):
            yield (
                f"weight_data_size (key 1) is {values.weight_data_size},"
                f" and must be a multiple of {directions * height}"
            )
        if values.num_output * directions * height > INT_MAX:
            yield f"num_output (key 0) is {values.num_output}, too large"

    def weights(values: Values) -> Iterator[WeightSpec]:
        directions, height = rows(values)
        width = values.weight_data_size // (directions * height)
        hidden = height // gates
        int8: Int8 = "must" if values.int8_scale_term else "never"
        yield tagged("weight_xc", directions, height, width, int8=int8)
        yield tagged("bias_c", directions, biases, hidden)
        yield tagged("weight_hc", directions, height, values.num_output, int8=int8)
        if hidden != values.num_output:
            yield tagged("weight_hr", directions, values.num_output, hidden)
        if values.int8_scale_term:
            yield raw("weight_xc_int8_scales", directions, height)
            yield raw("weight_hc_int8_scales", directions, height)

    def shapes(values: Values, bottoms: Sequence[Shape], tops: int) -> Sequence[Shape]:
        """A row for each step."""
        if bottoms[0] is None:
            return [None] * tops
        directions, height = rows(values)
        width = values.weight_data_size // (directions * height)
        require("elements in a row", width, bottoms[0][-1])
        steps = bottoms[0][-2] if len(bottoms[0]) > 1 else 1
        return [(steps, values.num_output * directions), *[None] * (tops - 1)]

    params = (
        integer(0, "num_output", 0, low=1),
        integer(1, "weight_data_size", 0, low=1),
        integer(2, "direction", 0, low=0, high=2),
        *more,
        integer(8, "int8_scale_term"),
    )
    blobs: Count = (1, 1 + states)
    return Op(type, about, params, weights, blobs, blobs, (check,), shapes)


OPS = (
    _recurrent("RNN", "The new state is tanh of a weighted sum of input and old state.", states=1),
    _recurrent(
        "LSTM",
        "A recurrent layer with a memory cell, and gates for what enters, stays and leaves it.",
        integer(3, "hidden_size", Same("num_output"), low=1),
        states=2,
    ),
    _recurrent("GRU", "A recurrent layer with two gates and no cell of its own.", states=1),
)

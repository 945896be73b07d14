"""Shapes that follow from parameters, and the inputs that do not fit."""

from __future__ import annotations

import pytest

from workbench.errors import GraphError
from workbench.graph import Layer, ParamValue
from workbench.ops import Shape, shapes

CONV: dict[int, ParamValue] = {0: 8, 1: 3, 6: 216}


def tops(type: str, params: dict[int, ParamValue], *bottoms: Shape, count: int = 1) -> list[Shape]:
    blobs = tuple(f"in{i}" for i in range(len(bottoms)))
    outs = tuple(f"out{i}" for i in range(count))
    return list(shapes(Layer(type, "x", blobs, outs, params), bottoms))


@pytest.mark.parametrize(
    ("type", "params", "bottoms", "expected"),
    [
        ("Input", {0: 227, 1: 227, 2: 3}, [], (3, None, None)),
        ("Input", {0: 100}, [], (100,)),
        ("Input", {0: 100, 1: 20}, [], (None, None)),
        ("Input", {}, [], None),
        ("MemoryData", {0: 4, 1: 2}, [], (2, 4)),
        ("Convolution", CONV, [(3, 10, 9)], (8, 8, 7)),
        ("Convolution", {**CONV, 4: 1, 3: 2}, [(3, 10, 9)], (8, 5, 5)),
        ("Convolution", {**CONV, 2: 2}, [(3, 10, 9)], (8, 6, 5)),
        ("Convolution", {**CONV, 4: -233, 3: 2}, [(3, 10, 9)], (8, 5, 5)),
        ("Convolution", CONV, [(3, None, 9)], (8, None, 7)),
        ("Convolution", {0: 8, 1: 3, 6: 72}, [(10, 9)], (8, 8, 7)),
        ("Convolution", CONV, [None], None),
        ("Convolution", {0: 8, 1: 1, 6: 24}, [(3,)], None),
        ("ConvolutionDepthWise", {0: 6, 1: 3, 6: 54, 7: 6}, [(6, 5, 5)], (6, 3, 3)),
        ("Convolution1D", {0: 8, 1: 3, 6: 72}, [(3, 10)], (8, 8)),
        ("Convolution3D", {0: 2, 1: 3, 6: 162}, [(3, 5, 6, 7)], (2, 3, 4, 5)),
        ("Deconvolution", CONV, [(3, 5, 5)], (8, None, None)),
        ("InnerProduct", {0: 5, 2: 60}, [(3, 2, 2)], (5,)),
        ("InnerProduct", {0: 5, 2: 60}, [(3, None, None)], (5,)),
        ("InnerProduct", {0: 5, 2: 60}, [(7, 12)], (7, 5)),
        ("InnerProduct", {0: 5, 2: 60}, [(12,)], (5,)),
        ("Embed", {0: 5, 1: 4, 3: 20}, [(7,)], (7, 5)),
        ("Gemm", {5: 1, 8: 3, 9: 64, 3: 1}, [(2, 64)], (2, 3)),
        ("Gemm", {4: 1, 7: 3, 9: 64}, [(64, 5)], (3, 5)),
        ("Gemm", {2: 1}, [(64, 2), (64, 5)], (2, 5)),
        ("Gemm", {}, [(2, None), None], None),
        ("MatMul", {}, [(2, 64), (64, 5)], (2, 5)),
        ("MatMul", {0: 1}, [(2, 64), (5, 64)], (2, 5)),
        ("LSTM", {0: 4, 1: 224, 2: 2}, [(9, 7)], (9, 8)),
        ("GRU", {0: 4, 1: 84}, [(None, 7)], (None, 4)),
        ("MultiHeadAttention", {0: 8, 1: 2, 2: 96, 3: 10}, [(5, 12), (6, 10), (6, 8)], (5, 12)),
        ("Pooling", {1: 3, 2: 2}, [(4, 8, 7)], (4, 4, 3)),
        ("Pooling", {1: 3, 2: 2, 5: 1}, [(4, 8, 7)], (4, 3, 3)),
        ("Pooling", {1: 3, 2: 2, 5: 2}, [(4, 8, 7)], (4, 4, 4)),
        ("Pooling", {4: 1}, [(4, None, None)], (4,)),
        ("Pooling", {7: 1, 8: 2, 18: -233}, [(4, 8, 7)], (4, 8, 2)),
        ("ReLU", {}, [(4, 8, 7)], (4, 8, 7)),
        ("BatchNorm", {0: 4}, [(4, 8, 7)], (4, 8, 7)),
        ("PReLU", {0: 1}, [(4, 8, 7)], (4, 8, 7)),
        ("LayerNorm", {0: 56}, [(4, 8, 7)], (4, 8, 7)),
        ("BinaryOp", {}, [(4, 8, 7), (4, 1, 7)], (4, 8, 7)),
        ("BinaryOp", {}, [(4, 8, 7), (4,)], (4, 8, 7)),
        ("BinaryOp", {}, [(7,), (4, 8, 7)], (4, 8, 7)),
        ("BinaryOp", {}, [(4, 8), (4, 8, 7)], (4, 8, 7)),
        ("BinaryOp", {1: 1}, [(4, 8, 7)], (4, 8, 7)),
        ("BinaryOp", {}, [(4, 8, 7), None], None),
        ("Eltwise", {}, [(4, None, 7), (4, 8, None)], (4, 8, 7)),
        ("Concat", {}, [(4, 8, 7), (2, 8, 7)], (6, 8, 7)),
        ("Concat", {0: -1}, [(4, 8, 7), (4, 8, None)], (4, 8, None)),
        ("ShuffleChannel", {0: 2}, [(4, 8, 7)], (4, 8, 7)),
        ("Flatten", {}, [(4, 8, 7)], (224,)),
        ("Flatten", {}, [(4, None, 7)], (None,)),
        ("Reshape", {0: 7, 1: -1}, [(4, 8, 7)], (32, 7)),
        ("Reshape", {0: 0, 1: -1}, [(4, 8, 7)], (None, None)),
        ("Permute", {0: 1}, [(4, 8, 7)], None),
        ("Padding", {0: 1, 1: 1, 2: 2, 3: 2}, [(4, 8, 7)], (4, 10, 11)),
        ("Interp", {0: 1, 3: 16, 4: 14}, [(4, 8, 7)], (4, 16, 14)),
        ("MyOwn", {}, [(4, 8, 7)], None),
    ],
)
def test_the_shape_of_a_top_follows(
    type: str, params: dict[int, ParamValue], bottoms: list[Shape], expected: Shape
) -> None:
    assert tops(type, params, *bottoms) == [expected]


def test_the_parts_of_a_slice_follow() -> None:
    assert tops("Slice", {0: (1, -233, -233)}, (5, 2, 2), count=3) == [
        (1, 2, 2),
        (2, 2, 2),
        (2, 2, 2),
    ]
    assert tops("Slice", {1: 2, 2: (1, -2)}, (5, 2, 7), count=3) == [
        (5, 2, 1),
        (5, 2, 4),
        (5, 2, 2),
    ]
    assert tops("Split", {}, (5, 2), count=2) == [(5, 2), (5, 2)]


@pytest.mark.parametrize(
    ("type", "params", "bottoms", "problem"),
    [
        ("Convolution", CONV, [(4, 9, 9)], "4 channels, and its weights are for 3"),
        ("Convolution", CONV, [(3, 2, 9)], "window of 3 is larger than its input of 2"),
        ("Convolution", CONV, [(9,)], "1 axes, and it needs 3"),
        ("ConvolutionDepthWise", {0: 6, 1: 3, 6: 54, 7: 6}, [(5, 5, 5)], "weights are for 6"),
        ("Deconvolution", CONV, [(4, 9, 9)], "weights are for 3"),
        ("InnerProduct", {0: 5, 2: 60}, [(3, 2, 3)], "18 elements, and its weights are for 12"),
        ("InnerProduct", {0: 5, 2: 60}, [(5, None, None)], "no multiple of 5 channels"),
        ("Gemm", {5: 1, 8: 3, 9: 64, 3: 1}, [(2, 63)], "rows of 63 with columns of 64"),
        ("Gemm", {5: 1, 6: 1, 7: 1, 8: 3, 9: 4, 10: 1}, [(2, 4)], "2 rows, .* are for 1"),
        ("MatMul", {}, [(2, 64), (63, 5)], "rows of 64 with columns of 63"),
        ("RNN", {0: 4, 1: 28}, [(9, 8)], "8 elements in a row, and its weights are for 7"),
        ("MultiHeadAttention", {0: 8, 1: 2, 2: 96}, [(5, 11)], "11 elements in a row"),
        ("Padding", {0: -9}, [(4, 8, 7)], "nothing would be left"),
        ("BatchNorm", {0: 3}, [(4, 8, 7)], "4 channels, and its weights are for 3"),
        ("Scale", {0: 3}, [(4, 8, 7)], "4 channels, and its weights are for 3"),
        ("PReLU", {0: 3}, [(4, 8, 7)], "4 channels, and its weights are for 3"),
        ("LayerNorm", {0: 3}, [(4, 8, 7)], "56 elements, and its weights are for 3"),
        ("Pooling", {1: 9}, [(4, 8, 7)], "window of 9 is larger than its input of 8"),
        ("Eltwise", {}, [(4, 8, 7), (5, 8, 7)], "different shapes"),
        ("BinaryOp", {}, [(4, 8, 7), (5, 8, 7)], "have the shapes"),
        ("Concat", {}, [(4, 8, 7), (4, 9, 7)], "different shapes"),
        ("Concat", {0: 2}, [(4,), (4,)], "none is number 2"),
        ("Slice", {0: (5,)}, [(4, 8, 7)], r"cannot cut 4 into parts of \[5\]"),
        ("ShuffleChannel", {0: 3}, [(4, 8, 7)], "4 channels, no multiple of 3"),
        ("Reshape", {0: 7}, [(4, 8)], "32 elements, its output 7"),
    ],
)
def test_an_input_that_does_not_fit_is_told(
    type: str, params: dict[int, ParamValue], bottoms: list[Shape], problem: str
) -> None:
    with pytest.raises(GraphError, match=problem) as caught:
        tops(type, params, *bottoms)
    assert caught.value.where == f"layer x ({type})"


def test_a_border_that_only_one_axis_can_have_is_refused() -> None:
    params: dict[int, ParamValue] = {0: 1, 1: 1, 11: 3, 3: 3, 13: 1, 4: -233, 6: 3}
    with pytest.raises(GraphError, match="adds 2 along one axis and -1 along another"):
        tops("Convolution", params, (1, 5, 5))
    assert tops("Convolution", {**params, 3: 2}, (1, 5, 5)) == [(1, 5, 3)]

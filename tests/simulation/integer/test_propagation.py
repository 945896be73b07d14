from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.integer.conftest import conv, depthwise, graph_of, scales_of
from workbench.graph import Layer
from workbench.ops import values
from workbench.ops.integer.pooling import pool, sums_and_areas
from workbench.simulation.integer.propagation import Propagation, propagate
from workbench.simulation.integer.wishes import Rules

DOCUMENT = Rules(wishes_count=True)
ONE_SCALE_A_STAGE = Rules(by_channel=False, wishes_count=True)
INPUT = "Input data 0 1 data 0=8 1=8 2=4"


def scale(found: Propagation, blob: str) -> list[float]:
    array = found[blob].scale
    assert array is not None, found[blob].why
    return sorted(set(array.tolist()))


def forms(found: Propagation) -> dict[tuple[str, str], str]:
    return {(edge.blob, edge.reader): edge.form for edge in found.edges}


@pytest.mark.parametrize("rules", [Rules(), DOCUMENT, ONE_SCALE_A_STAGE])
def test_condition_1_a_split_into_convolutions_hands_on_one_scale(rules):
    graph = graph_of(
        INPUT,
        conv("conv0", "data"),
        "Split s 1 2 conv0 a b",
        conv("conv1", "a"),
        conv("conv2", "b"),
    )
    found = propagate(graph, scales_of(graph, conv0=50, conv1=20, conv2=20), rules)
    assert all(scale(found, blob) == [20] for blob in ("conv0", "a", "b"))
    assert {form for (_, reader), form in forms(found).items() if reader != "conv0"} == {"int8"}


def residual(add_scale: float) -> tuple[list[str], dict[str, float]]:
    lines = [
        INPUT,
        conv("conv0", "data"),
        "Split s 1 2 conv0 a b",
        conv("conv1", "a"),
        "BinaryOp add 2 1 b conv1 add 0=0",
        "Split s2 1 2 add c d",
        conv("conv2", "c"),
        conv("conv3", "d"),
    ]
    return lines, {"conv0": 50, "conv1": 20, "conv2": add_scale, "conv3": add_scale}


@pytest.mark.parametrize("add_scale", [12, 30])
def test_condition_2_a_split_into_a_convolution_and_an_addition_has_two_scales(add_scale):
    lines, scales = residual(add_scale)
    found = propagate(graph_of(*lines), scales, DOCUMENT)
    assert scale(found, "conv0") == [max(20, add_scale)]
    assert scale(found, "a") == [20]
    assert scale(found, "b") == scale(found, "conv1") == scale(found, "add") == [add_scale]
    smaller = "b" if add_scale < 20 else "a"
    assert found[smaller].why.endswith("derived from conv0 by a factor")
    assert {forms(found)[edge] for edge in (("b", "add"), ("conv1", "add"))} == {"int8"}


def test_without_two_scales_the_blob_keeps_that_of_the_convolution_and_the_addition_rescales():
    lines, scales = residual(30)
    found = propagate(graph_of(*lines), scales)
    assert all(scale(found, blob) == [20] for blob in ("conv0", "a", "b"))
    assert scale(found, "conv1") == scale(found, "add") == [30]


@pytest.mark.parametrize("inner", [12, 30])
def test_condition_2_1_pooling_before_an_inner_product_is_the_second_scale_of_the_split(inner):
    graph = graph_of(
        INPUT,
        conv("conv0", "data"),
        "Split s 1 2 conv0 a b",
        "Padding pad1 1 1 a pad1 0=1 1=1 2=1 3=1",
        "Pooling pool1 1 1 pad1 pool1 0=1 4=1",
        conv("conv1", "b"),
        "Split s2 1 2 conv1 c d",
        "Padding pad2 1 1 c pad2 0=1 1=1 2=1 3=1",
        "Pooling pool2 1 1 pad2 pool2 0=1 4=1",
        conv("conv2", "d"),
        "Pooling pool3 1 1 conv2 pool3 0=1 4=1",
        "Concat concat 3 1 pool1 pool2 pool3 concat",
        "Flatten flatten 1 1 concat flatten",
        "InnerProduct fc 1 1 flatten fc 0=2 1=0 2=24",
    )
    scales = scales_of(graph, conv0=50, conv1=20, conv2=18, fc=inner)
    found = propagate(graph, scales, DOCUMENT)
    assert scale(found, "conv0") == [max(20, inner)]
    assert scale(found, "conv1") == [max(18, inner)]
    assert scale(found, "b") == [20]
    assert scale(found, "d") == [18]
    for blob in ("a", "pad1", "pool1", "c", "pad2", "pool2", "conv2", "pool3", "concat", "flatten"):
        assert scale(found, blob) == [inner]
    assert found["fc"].scale is None


STAGES = [
    INPUT,
    conv("stem", "data"),
    "Split s 1 2 stem a b",
    conv("conv0", "a"),
    conv("conv1", "b"),
    "Concat concat1 2 1 conv0 conv1 concat1",
    "ShuffleChannel shuffle1 1 1 concat1 shuffle1 0=2",
    "Slice slice1 1 2 shuffle1 keep1 go1 -23300=2,-233,-233",
    conv("conv2", "go1"),
    depthwise("convdw0", "conv2", 4),
    conv("conv3", "convdw0"),
    "Concat concat2 2 1 keep1 conv3 concat2",
    "ShuffleChannel shuffle2 1 1 concat2 shuffle2 0=2",
    "Slice slice2 1 2 shuffle2 keep2 go2 -23300=2,-233,-233",
    conv("conv4", "go2"),
    "Concat concat3 2 1 keep2 conv4 concat3",
    "ShuffleChannel shuffle3 1 1 concat3 shuffle3 0=2",
    conv("conv5", "shuffle3", 4, 8),
]
STAGE_SCALES = {"stem": 60, "conv0": 50, "conv1": 50, "conv2": 22, "convdw0": 30, "conv3": 31} | {
    "conv4": 44,
    "conv5": 15,
}


def test_condition_3_each_channel_takes_the_scale_of_the_convolution_it_reaches():
    """Channels 0..7 are shuffled to 0 4 1 5 | 2 6 3 7; the second half enters conv2."""
    found = propagate(graph_of(*STAGES), STAGE_SCALES)
    assert found["conv0"].scale.tolist() == [15, 44, 22, 22]
    assert found["conv1"].scale.tolist() == [15, 44, 22, 22]
    assert found["concat1"].scale.tolist() == [15, 44, 22, 22, 15, 44, 22, 22]
    assert found["shuffle1"].scale.tolist() == [15, 15, 44, 44, 22, 22, 22, 22]
    assert found["conv3"].scale.tolist() == [15, 15, 44, 44]
    assert scale(found, "go1") == [22]
    assert scale(found, "go2") == [44]
    inner = [form for (blob, _), form in forms(found).items() if blob != "data"]
    assert set(inner) == {"int8"}
    assert found["conv0"].why == (
        "int8, the scale that conv5 (channel 0), conv4 (channel 1), conv2 (channels 2 to 3) needs"
    )


def test_condition_3_one_scale_for_a_stage_needs_factors_where_it_is_left():
    found = propagate(graph_of(*STAGES), STAGE_SCALES, ONE_SCALE_A_STAGE)
    for blob in ("conv0", "conv1", "concat1", "shuffle1", "keep1", "conv3", "concat2", "shuffle2"):
        assert scale(found, blob) == [44]
    assert scale(found, "go1") == [22]
    assert found["go1"].why.endswith("derived from shuffle1 by a factor")
    assert scale(found, "go2") == [44]
    assert scale(found, "keep2") == scale(found, "concat3") == [15]
    inner = [form for (blob, _), form in forms(found).items() if blob != "data"]
    assert set(inner) == {"int8"}


@given(st.lists(st.floats(1, 100, width=32), min_size=1, max_size=6), st.booleans(), st.booleans())
def test_through_any_number_of_stages_every_layer_reads_its_own_scale(scales, by_channel, counts):
    lines, given_scales = [INPUT, conv("first", "data", 8)], {"first": 10.0}
    whole = "first"
    for i, number in enumerate(scales):
        lines += [
            f"Slice slice{i} 1 2 {whole} keep{i} go{i} -23300=2,-233,-233",
            conv(f"conv{i}", f"go{i}"),
            f"Concat concat{i} 2 1 keep{i} conv{i} concat{i}",
            f"ShuffleChannel shuffle{i} 1 1 concat{i} shuffle{i} 0=2",
        ]
        given_scales[f"conv{i}"], whole = number, f"shuffle{i}"
    given_scales["last"] = 7.0
    found = propagate(
        graph_of(*lines, conv("last", whole, 4, 8)), given_scales, Rules(by_channel, counts)
    )
    readings = [edge for edge in found.edges if edge.blob != "data"]
    assert {edge.form for edge in readings} == {"int8"}
    for edge in readings:
        if edge.reader in given_scales:
            assert scale(found, edge.blob) == [np.float32(given_scales[edge.reader])]


def test_condition_4_an_addition_before_a_split_passes_its_readers_scale_back():
    graph = graph_of(
        INPUT,
        "Split s0 1 2 data x y",
        conv("conv0", "x"),
        conv("conv1", "y"),
        "BinaryOp add 2 1 conv0 conv1 add 0=0",
        "Split s 1 2 add a b",
        conv("conv2", "a"),
        "BinaryOp add2 2 1 b conv2 add2 0=0",
        conv("conv3", "add2"),
    )
    scales = scales_of(graph, conv0=50, conv1=50, conv2=20, conv3=12)
    found = propagate(graph, scales, DOCUMENT)
    assert scale(found, "conv0") == scale(found, "conv1") == scale(found, "add") == [20]
    assert scale(found, "a") == [20]
    assert scale(found, "b") == scale(found, "conv2") == scale(found, "add2") == [12]


def test_condition_5_what_no_quantized_layer_reads_is_float():
    graph = graph_of(INPUT, conv("conv0", "data"), "Softmax prob 1 1 conv0 prob")
    found = propagate(graph, {"conv0": 50})
    assert found["conv0"].scale is None
    assert found["conv0"].why == "float: no layer that reads it in int8 says its scale"
    assert found.layers["conv0"].integer
    assert found["prob"].why == "float: Softmax computes in float"


def test_condition_6_average_pooling_sums_in_int32():
    pooling = Layer("Pooling", "pool", ("x",), ("pool",), {0: 1, 4: 1})
    x = np.full((2, 300, 300), 127, np.int8)  # the sum needs 24 bits
    sums, _ = sums_and_areas(values(pooling), x)
    assert sums.dtype == np.int32
    assert sums.ravel().tolist() == [127 * 300 * 300] * 2
    assert pool(values(pooling), x).ravel().tolist() == [127, 127]


def test_a_scale_travels_back_from_an_inner_product_through_pooling_and_addition():
    graph = graph_of(
        INPUT,
        "Split s 1 2 data x y",
        conv("conv0", "x"),
        conv("conv1", "y"),
        "BinaryOp add 2 1 conv0 conv1 add 0=0",
        "Pooling pool 1 1 add pool 0=1 4=1",
        "InnerProduct fc 1 1 pool fc 0=2 1=0 2=8",
    )
    scales = scales_of(graph, conv0=50, conv1=50, fc=9)
    found = propagate(graph, scales, DOCUMENT)
    assert scale(found, "add") == scale(found, "pool") == scale(found, "conv0") == [9]
    assert found["add"].why == "int8, the scale that fc needs"
    # a mean of 16 may be of elements 4 times as large, which is no loss where the mean rescales
    found = propagate(graph, scales)
    assert scale(found, "pool") == [9]
    assert scale(found, "add") == scale(found, "conv0") == [9 / 4]


def test_of_several_that_rescale_the_one_that_reaches_farthest_is_heard():
    graph = graph_of(
        INPUT,
        conv("conv0", "data"),
        "Split s 1 2 conv0 a b",
        "Pooling pool 1 1 a pool 0=1 4=1",
        "InnerProduct fc 1 1 pool fc 0=4 1=0 2=16",
        "Sigmoid gate 1 1 fc gate",
        "BinaryOp mul 2 1 b gate mul 0=2",
        conv("conv1", "mul"),
    )
    found = propagate(graph, scales_of(graph, conv0=50, fc=90, conv1=11))
    assert scale(found, "conv0") == [11 / 2]
    assert found.layers["mul"].integer


def test_a_slice_whose_part_nobody_reads_in_int8_stays_float_and_says_which_part():
    graph = graph_of(
        INPUT,
        conv("conv0", "data"),
        "Slice slice 1 2 conv0 a b -23300=2,1,3",
        "Softmax prob 1 1 a prob",
        conv("conv1", "b", 4, 3),
    )
    found = propagate(graph, {"conv0": 50, "conv1": 20})
    assert found["conv0"].why == (
        "float: no layer that reads it in int8 says the scale of channel 0"
    )
    assert forms(found)["b", "conv1"] == "quantized"


def test_a_float_layer_between_takes_floats_and_its_reader_quantizes():
    graph = graph_of(
        INPUT, conv("conv0", "data"), "Softmax soft 1 1 conv0 soft", conv("conv1", "soft")
    )
    found = propagate(graph, {"conv0": 50, "conv1": 20})
    assert forms(found) == {
        ("data", "conv0"): "quantized",
        ("conv0", "soft"): "float",
        ("soft", "conv1"): "quantized",
    }


def test_a_layer_kept_in_float_says_so_and_reads_floats():
    graph = graph_of(
        INPUT,
        conv("conv0", "data"),
        "Split s 1 2 conv0 a b",
        conv("conv1", "a"),
        conv("conv2", "b"),
    )
    found = propagate(graph, {"conv0": 50, "conv1": 20})
    assert found["conv2"].why == "float: conv2 is kept in float"
    assert forms(found)["b", "conv2"] == "dequantized"
    assert forms(found)["a", "conv1"] == "int8"


def test_a_gate_has_the_scale_of_its_own_range():
    graph = graph_of(
        INPUT,
        "Split s 1 2 data x y",
        conv("conv0", "x"),
        conv("conv1", "y"),
        "Sigmoid gate 1 1 conv1 gate",
        "Split s2 1 2 conv0 a b",
        conv("conv2", "a"),
        "BinaryOp mul 2 1 b gate mul 0=2",
        conv("conv3", "mul"),
    )
    scales = scales_of(graph, conv0=50, conv1=50, conv2=20, conv3=33)
    found = propagate(graph, scales)
    assert scale(found, "gate") == [127]
    assert scale(found, "conv1") == [127 / 8]
    assert scale(found, "b") == [20]
    assert scale(found, "mul") == [33]


def test_what_an_op_cannot_do_is_named():
    graph = graph_of(
        INPUT, conv("conv0", "data"), "Interp up 1 1 conv0 up 0=2 1=2.0 2=2.0", conv("conv1", "up")
    )
    found = propagate(graph, {"conv0": 50, "conv1": 20})
    assert found["up"].why == "float: only the nearest pixel can be taken in int8"


def test_channels_of_unknown_number_have_one_scale():
    graph = graph_of(
        "Input data 0 1 data",
        conv("conv0", "data"),
        "Concat concat 2 1 conv0 data concat",
        "ShuffleChannel shuffle 1 1 concat shuffle 0=2",
        conv("conv1", "shuffle"),
    )
    found = propagate(graph, {"conv0": 50, "conv1": 20})
    assert scale(found, "conv0") == scale(found, "shuffle") == [20]
    assert forms(found)["conv0", "concat"] == "int8"
    assert forms(found)["data", "concat"] == "quantized"


def test_a_float_blob_is_quantized_where_it_meets_an_int8_one():
    graph = graph_of(
        INPUT,
        "Split s 1 2 data x y",
        conv("conv0", "x"),
        "BinaryOp add 2 1 y conv0 add 0=0",
        conv("conv1", "add"),
    )
    found = propagate(graph, {"conv0": 50, "conv1": 20})
    assert forms(found)["y", "add"] == "quantized"
    assert found.layers["add"].entries[0].tolist() == [20] * 4


def test_a_product_with_a_blob_of_unknown_range_stays_float():
    graph = graph_of(
        INPUT,
        "Split s 1 2 data x y",
        conv("conv0", "x"),
        "Split s2 1 2 conv0 a b",
        conv("conv2", "b"),
        "BinaryOp mul 2 1 y a mul 0=2",
        conv("conv1", "mul"),
    )
    found = propagate(graph, {"conv0": 50, "conv1": 20, "conv2": 30})
    assert found["mul"].why == "float: no scale is known for y, which mul reads"
    assert forms(found)["a", "mul"] == "dequantized"


def test_the_scales_cannot_be_written_to():
    found = propagate(graph_of(*STAGES), STAGE_SCALES)
    with pytest.raises(ValueError, match="read-only"):
        found["conv0"].scale[0] = 1

"""What `values`, `weights` and `check` say of a layer, whatever its type."""

from __future__ import annotations

import pytest

from workbench.errors import GraphError
from workbench.graph import Layer, ParamValue
from workbench.ops import OPS, check, op_of, values, weights


def conv(params: dict[int, ParamValue], type: str = "Convolution") -> Layer:
    return Layer(type, "conv1", ("in",), ("out",), {0: 8, 1: 3, 6: 216, **params})


def test_every_op_has_a_line_that_teaches_it() -> None:
    for type, op in OPS.items():
        assert op.type == type
        assert op.about.endswith(".")
        assert 10 < len(op.about) <= 100


def test_no_op_has_a_key_or_a_name_twice() -> None:
    for op in OPS.values():
        assert len({param.id for param in op.params}) == len(op.params)
        assert len({param.name for param in op.params}) == len(op.params)
        assert all(0 <= param.id < 30 for param in op.params)


def test_defaults_are_filled_in_and_follow_other_parameters() -> None:
    found = values(conv({1: 5, 3: 2, 13: 4, 4: 1}))
    assert (found.kernel_w, found.kernel_h) == (5, 5)
    assert (found.stride_w, found.stride_h) == (2, 4)
    assert (found.pad_left, found.pad_right, found.pad_top, found.pad_bottom) == (1, 1, 1, 1)
    assert found["dilation_w"] == 1
    assert found.activation_params == ()
    assert dict(found)["num_output"] == 8


def test_values_has_only_the_parameters_of_the_op() -> None:
    found = values(conv({}))
    with pytest.raises(AttributeError, match="group"):
        found.group  # noqa: B018
    assert "group" not in found
    assert "kernel_w=3" in repr(found)


def test_an_int_for_a_float_is_taken_and_ints_for_floats() -> None:
    clip = values(Layer("Clip", "c", ("in",), ("out",), {0: 0, 1: 6}))
    assert (clip.min, clip.max) == (0.0, 6.0)
    assert isinstance(clip.min, float)
    found = values(conv({9: 3, 10: (0, 6)})).activation_params
    assert found == (0.0, 6.0)
    assert isinstance(found[0], float)


@pytest.mark.parametrize("given", [2.0, (2,), "two", (2.5,)])
def test_another_kind_of_value_is_refused_where_ncnn_would_ignore_it(given: ParamValue) -> None:
    with pytest.raises(GraphError, match=r"stride_w \(key 3\) is .*, not a whole number") as caught:
        check(conv({3: given}))
    assert caught.value.where == "layer conv1 (Convolution)"
    assert "take 1" in caught.value.advice


def test_a_float_that_equals_the_default_does_no_harm() -> None:
    assert values(conv({3: 1.0})).stride_w == 1


def test_a_layer_of_an_unknown_type_passes_and_has_no_values() -> None:
    layer = Layer("MyOwn", "mine", (), ("out",), {0: 1})
    assert op_of(layer) is None
    check(layer)
    assert weights(layer) == ()
    with pytest.raises(GraphError, match="does not know this layer type"):
        values(layer)


@pytest.mark.parametrize(
    ("type", "params", "bottoms", "tops", "problem"),
    [
        ("ReLU", {}, 0, 1, "0 bottom blobs, and needs 1"),
        ("ReLU", {}, 2, 1, "2 bottom blobs, and needs 1"),
        ("ReLU", {}, 1, 0, "0 top blobs, and needs 1"),
        ("Input", {}, 1, 1, "1 bottom blobs, and needs 0"),
        ("Split", {}, 1, 0, "0 top blobs, and needs 1 or more"),
        ("Concat", {}, 0, 1, "0 bottom blobs, and needs 1 or more"),
        ("BinaryOp", {}, 1, 1, "1 bottom blobs, and needs 2"),
        ("BinaryOp", {1: 1}, 2, 1, "2 bottom blobs, and needs 1"),
        ("Eltwise", {0: 1, 1: (1.0, 2.0)}, 3, 1, "3 bottom blobs, and needs 2"),
        ("Slice", {0: (1, 2)}, 1, 3, "3 top blobs, and needs 1 to 2"),
        ("Slice", {2: (1, 2)}, 1, 4, "4 top blobs, and needs 1 to 3"),
        ("Slice", {}, 1, 1, "1 top blobs, and needs 1 or more"),
        ("Crop", {}, 1, 1, "1 bottom blobs, and needs 2"),
        ("Reshape", {0: 1, 6: "0w,2h"}, 1, 1, "1 bottom blobs, and needs 3"),
        ("Gemm", {}, 1, 1, "1 bottom blobs, and needs 2 to 3"),
        ("LSTM", {0: 1, 1: 4}, 4, 1, "4 bottom blobs, and needs 1 to 3"),
        ("SDPA", {5: 1, 7: 1}, 5, 3, "5 bottom blobs, and needs 6"),
        ("SDPA", {7: 1}, 5, 1, "1 top blobs, and needs 3"),
        ("Interp", {5: 1}, 1, 1, "1 bottom blobs, and needs 2"),
        ("Convolution", {0: 8, 1: 3, 5: 1, 19: 1}, 2, 1, "2 bottom blobs, and needs 3"),
    ],
)
def test_the_number_of_blobs_is_checked(
    type: str, params: dict[int, ParamValue], bottoms: int, tops: int, problem: str
) -> None:
    reads, writes = (
        tuple(f"{side}{i}" for i in range(n)) for side, n in zip("bt", (bottoms, tops), strict=True)
    )
    with pytest.raises(GraphError, match=problem) as caught:
        check(Layer(type, "x", reads, writes, params))
    assert caught.value.where == f"layer x ({type})"


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({0: 0}, "num_output .* is 0"),
        ({0: -8}, "num_output .* is -8"),
        ({1: 0}, r"the kernel is \(0, 0\)"),
        ({11: -1}, r"the kernel is \(-1, 3\)"),
        ({2: 0}, "dilation_w .* is 0, and must be at least 1"),
        ({13: 0}, "stride_h .* is 0, and must be at least 1"),
        ({6: 0}, "weight_data_size .* is 0"),
        ({6: 217}, "multiple of num_output times the kernel, 72"),
        ({2: 2**30}, "does not fit in 32 bits"),
        ({1: 2**20, 11: 2**20}, "more elements than fit in 32 bits"),
        ({9: 7}, "activation_type .* at most 6"),
        ({9: 2}, "LeakyReLU needs 1 numbers"),
        ({9: 3, 10: (0.0,)}, "Clip needs 2 numbers"),
    ],
)
def test_a_parameter_that_ncnn_would_crash_on_is_named(
    params: dict[int, ParamValue], problem: str
) -> None:
    with pytest.raises(GraphError, match=problem):
        check(conv(params))


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({7: 0}, "group .* is 0"),
        ({7: 3}, "positive multiple of group 3"),
        ({7: 8, 8: 3}, "int8_scale_term .* 0, 1, 2, 101 or 102"),
    ],
)
def test_the_groups_of_a_depthwise_convolution_are_checked(
    params: dict[int, ParamValue], problem: str
) -> None:
    with pytest.raises(GraphError, match=problem):
        check(conv(params, "ConvolutionDepthWise"))


@pytest.mark.parametrize(
    ("type", "params", "problem"),
    [
        ("InnerProduct", {0: 3, 2: 10}, "multiple of num_output, 3"),
        ("Embed", {0: 3, 1: 3, 3: 10}, "num_output times input_dim, 9"),
        ("Gemm", {4: 1, 7: 3}, "constantK must be at least 1"),
        ("Gemm", {4: 1, 7: 3, 9: 1, 6: 1, 10: 5}, "broadcast_type_C"),
        ("Gemm", {18: 500}, "500, which ncnn does not know"),
        ("Einsum", {0: (105, 105, 44)}, "the equation 'ii,'"),
        ("BatchNorm", {}, "channels .* is 0"),
        ("GroupNorm", {0: 2, 1: 3}, "no multiple of group 2"),
        ("LayerNorm", {}, r"its gamma would have no element: shape \(0,\)"),
        ("Scale", {0: -1}, "its scale would have no element"),
        ("MemoryData", {0: 4, 1: -2}, "its data would have no element"),
        ("MemoryData", {0: 4, 21: 2}, "load_type .* is 2"),
        ("Pooling", {}, "kernel_w is 0"),
        ("Pooling", {1: 2, 5: 4}, "pad_mode .* is 4"),
        ("Pooling", {7: 1}, "out_w is 0"),
        ("LSTM", {0: 2, 1: 9}, "multiple of 8"),
        ("MultiHeadAttention", {0: 5, 1: 2, 2: 25}, "no multiple of num_heads, 2"),
        ("MultiHeadAttention", {0: 4, 1: 0, 2: 16}, "num_heads .* is 0"),
        ("Softmax", {0: 1}, "fixbug0"),
        ("Reduction", {3: (1,)}, "fixbug0"),
        ("HardSigmoid", {0: 0.0}, "alpha .* divides by it"),
        ("Slice", {0: (0,)}, "slices .* below 1"),
        ("Tile", {1: 0}, "tiles 0"),
        ("Reshape", {}, "no shape"),
        ("Reshape", {0: 1, 6: "+(0w)"}, r"'\+' lacks an argument"),
        ("PixelShuffle", {0: 50000}, "at most 46340"),
        ("Spectrogram", {0: 16, 3: 17}, "winlen .* larger than n_fft"),
        ("PriorBox", {}, "0 min_sizes"),
        ("Yolov3DetectionOutput", {4: (1, 2), 5: (1,), 6: (8.0,), 1: 1}, "mask .* names a box"),
    ],
)
def test_what_must_hold_among_parameters_is_checked(
    type: str, params: dict[int, ParamValue], problem: str
) -> None:
    bottoms = () if type == "MemoryData" else ("in",)
    with pytest.raises(GraphError, match=problem):
        check(Layer(type, "x", bottoms, ("out",), params))


def test_weights_are_named_shaped_and_in_file_order() -> None:
    found = weights(conv({5: 1, 8: 102}))
    assert [(spec.name, spec.shape, spec.load) for spec in found] == [
        ("weight", (8, 3, 3, 3), "tagged"),
        ("bias", (8,), "raw"),
        ("weight_int8_scales", (8,), "raw"),
        ("bottom_int8_scales", (1,), "raw"),
        ("top_int8_scales", (1,), "raw"),
    ]
    assert found[0].count == 216
    assert (found[0].int8, found[1].int8) == ("may", "never")


def test_a_mask_printed_as_the_bits_of_floats_is_understood() -> None:
    bits = (0x40400000, 0x40800000, 0x40A00000)
    params: dict[int, ParamValue] = {1: 3, 4: tuple(range(1, 13)), 5: bits, 6: (16.0,)}
    check(Layer("Yolov3DetectionOutput", "x", ("in",), ("out",), params))

from __future__ import annotations

import re
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.errors import FormatError, WorkbenchError, WorkbenchWarning
from workbench.formats.param import parse_param
from workbench.formats.weight import ENCODINGS
from workbench.formats.weights import (
    Weight,
    Weights,
    format_weights,
    parse_weights,
    read_weights,
    write_weights,
)
from workbench.graph import Graph

TWO = parse_param("""7767517
3 3
Input        data 0 1 data
Convolution  conv 1 1 data conv 0=2 1=1 5=1 6=6
InnerProduct fc   1 1 conv fc 0=3 2=6
""")
INT8 = parse_param("""7767517
2 2
Input        data 0 1 data
Convolution  conv 1 1 data conv 0=2 1=1 5=1 6=6 8=102
""")
WITH_UNKNOWN = parse_param("""7767517
4 4
Input        data 0 1 data
Convolution  conv 1 1 data conv 0=2 1=1 5=1 6=6
MyFocus      mine 1 1 conv mine 0=3
InnerProduct fc   1 1 mine fc 0=3 2=6
""")
WEIGHT = np.array([0.5, -1.5, 2.0, 0.25, 0.0, 1.0], np.float32)
BIAS = np.array([0.125, -8.0], np.float32)


def two(encoding: str = "float32") -> dict[str, tuple[Weight, ...]]:
    """Weights for the network TWO."""
    conv = (Weight.of("weight", WEIGHT, encoding), Weight.of("bias", BIAS))
    return {"conv": conv, "fc": (Weight.of("weight", -WEIGHT, encoding),)}


def joined(graph: Graph, found: Mapping[str, tuple[Weight, ...]]) -> bytes:
    return b"".join(format_weights(graph, found))


GOOD = joined(TWO, two())


def test_the_bytes_of_a_float32_array_follow_a_zero_tag() -> None:
    assert GOOD[: 4 + 24] == bytes(4) + WEIGHT.tobytes()
    assert GOOD[28:36] == BIAS.tobytes()
    assert len(GOOD) == 28 + 8 + 28


@pytest.mark.parametrize(
    ("encoding", "tag", "size"),
    [
        ("raw", b"", 20),
        ("float32", b"\0\0\0\0", 24),
        ("float16", b"\x47\x6b\x30\x01", 16),
        ("bfloat16", b"\x83\x8b\x34\x01", 16),
        ("int8", b"\x38\x4b\x0d\x00", 12),
        ("extra", b"\x56\xc0\x02\x00", 24),
        ("table", b"\x01\0\0\0", 4 + 1024 + 8),
        ("packed", b"", 8),
    ],
)
def test_each_encoding_has_its_tag_and_is_padded_to_four_bytes(
    encoding: str, tag: bytes, size: int
) -> None:
    numbers = np.array([1, 2, 3, 0, 4])
    weight = Weight.of("weight", numbers, encoding)
    assert bytes(weight.data[: len(tag)]) == tag
    assert len(weight.data) == size == ENCODINGS[encoding].size(5)
    np.testing.assert_array_equal(weight.array, numbers)
    assert not weight.array.flags.writeable


NUMBERS = arrays(
    np.float32,
    st.integers(1, 40),
    elements=st.floats(-60000, 60000, width=32, allow_subnormal=False),
)


@given(NUMBERS)
def test_float32_keeps_every_bit(numbers: np.ndarray) -> None:
    for encoding in ("raw", "float32", "extra", "table"):
        np.testing.assert_array_equal(Weight.of("w", numbers, encoding).array, numbers)


@given(NUMBERS)
def test_float16_and_bfloat16_round_to_the_nearest(numbers: np.ndarray) -> None:
    half = Weight.of("w", numbers, "float16").array
    np.testing.assert_array_equal(half, numbers.astype(np.float16).astype(np.float32))
    brain = Weight.of("w", numbers, "bfloat16").array
    assert brain.dtype == np.float32
    assert not (brain.view(np.uint32) & 0xFFFF).any()
    assert (np.abs(brain - numbers) <= np.abs(numbers) * 2.0**-8).all()


def test_bfloat16_breaks_ties_to_even() -> None:
    halfway = np.array([0x3F808000, 0x3F818000, 0x3F818001], np.uint32).view(np.float32)
    found = Weight.of("w", halfway, "bfloat16").array.view(np.uint32) >> 16
    assert found.tolist() == [0x3F80, 0x3F82, 0x3F82]


@pytest.mark.parametrize(
    ("numbers", "encoding", "problem"),
    [
        ([np.nan], "raw", "NaN"),
        ([np.inf], "float32", "infinite"),
        ([70000.0], "float16", "too large"),
        ([3.4e38], "bfloat16", "too large"),
        ([1e39], "float32", "too large"),
        ([128], "int8", "not whole or too large"),
        ([0.5], "int8", "not whole or too large"),
        ([256], "packed", "not whole or too large"),
        (range(257), "table", "257 different numbers"),
    ],
)
def test_numbers_that_an_encoding_cannot_hold_are_refused(
    numbers: object, encoding: str, problem: str
) -> None:
    with pytest.raises(FormatError, match=problem):
        Weight.of("w", np.array(numbers), encoding)


@pytest.mark.parametrize("encoding", ["float32", "float16", "bfloat16", "extra", "table"])
def test_a_file_is_read_and_written_back_to_the_byte(encoding: str, tmp_path: Path) -> None:
    write_weights(TWO, two(encoding), tmp_path / "a.bin")
    found = read_weights(TWO, tmp_path / "a.bin")
    write_weights(TWO, found, tmp_path / "b.bin")
    assert (tmp_path / "b.bin").read_bytes() == (tmp_path / "a.bin").read_bytes()
    assert list(found) == ["conv", "fc"]
    assert [weight.name for weight in found["conv"]] == ["weight", "bias"]
    np.testing.assert_array_equal(found["conv"][0].array, WEIGHT)
    np.testing.assert_array_equal(found["conv"][1].array, BIAS)
    assert found["fc"][0].encoding == encoding
    assert found.rest == b""


def test_padding_that_is_not_zero_is_kept() -> None:
    data = bytearray(joined(INT8, int8()))
    data[4 + 6] = 99
    assert joined(INT8, parse_weights(INT8, bytes(data))) == data


def int8() -> dict[str, tuple[Weight, ...]]:
    """Weights for the network INT8."""
    scales = (
        Weight.of("weight_int8_scales", np.array([63.5, 127])),
        Weight.of("bottom_int8_scales", np.array([10.0])),
        Weight.of("top_int8_scales", np.array([20.0])),
    )
    weight = Weight.of("weight", np.array([1, -127, 0, 5, 6, 7]), "int8")
    return {"conv": (weight, Weight.of("bias", BIAS), *scales)}


def test_int8_weights_come_with_their_scales() -> None:
    conv = parse_weights(INT8, joined(INT8, int8()))["conv"]
    assert conv[0].array.dtype == np.int8
    assert conv[0].array.tolist() == [1, -127, 0, 5, 6, 7]
    names = ["weight", "bias", "weight_int8_scales", "bottom_int8_scales", "top_int8_scales"]
    assert [weight.name for weight in conv] == names
    assert conv[4].array.tolist() == [20.0]


@pytest.mark.parametrize("size", range(len(GOOD)))
def test_a_truncated_file_names_byte_and_layer(size: int) -> None:
    with pytest.raises(FormatError) as caught:
        parse_weights(TWO, GOOD[:size], "net.bin")
    layer = "conv (Convolution)" if size < 36 else "fc (InnerProduct)"
    assert re.fullmatch(
        rf"net\.bin, byte \d+, (weight|bias) of layer {re.escape(layer)}", caught.value.where
    )
    assert "cut off" in caught.value.advice


@pytest.mark.parametrize(
    ("offset", "number", "where"),
    [(0, 0xBADBAD, "byte 0, weight of layer conv"), (36, 2, "byte 36, weight of layer fc")],
)
def test_an_unknown_tag_names_byte_and_layer(offset: int, number: int, where: str) -> None:
    data = bytearray(GOOD)
    struct.pack_into("<I", data, offset, number)
    with pytest.raises(FormatError, match="is not a tag") as caught:
        parse_weights(TWO, bytes(data))
    assert where in caught.value.where


@pytest.mark.parametrize("encoding", ["float32", "float16", "bfloat16", "extra", "table"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_inf_are_refused_with_the_layers_name(encoding: str, bad: float) -> None:
    kind = ENCODINGS[encoding]
    body = np.array([bad], np.float32).tobytes()
    if kind.dtype == "<f2":
        body = np.array([bad], np.float16).tobytes()
    if kind.dtype == "<u2":
        body = body[2:]
    data = bytearray(joined(TWO, two(encoding)))
    offset = 4 if encoding == "table" else kind.head
    data[offset : offset + len(body)] = body
    with pytest.raises(FormatError, match="NaN or infinite") as caught:
        parse_weights(TWO, bytes(data))
    assert "layer conv" in caught.value.where


def test_nan_in_a_bias_or_a_scale_is_refused() -> None:
    data = joined(INT8, int8())
    for offset in range(12, len(data), 4):
        damaged = data[:offset] + b"\0\0\xc0\x7f" + data[offset + 4 :]
        with pytest.raises(FormatError, match="NaN or infinite"):
            parse_weights(INT8, damaged)


def test_int8_weights_without_scales_are_refused() -> None:
    data = Weight.of("weight", np.arange(6), "int8").data
    with pytest.raises(FormatError, match=r"the weights are int8, .* say floats"):
        parse_weights(TWO, bytes(data) + GOOD[28:])


def test_float_weights_that_ncnn_takes_for_int8_are_refused() -> None:
    graph = parse_param("7767517\n2 2\nInput a 0 1 a\nEmbed e 1 1 a e 0=2 1=3 3=6 18=1\n")
    data = bytes(Weight.of("weight", WEIGHT, "float32").data) + BIAS.tobytes()[:4]
    with pytest.raises(FormatError, match=r"the weights are floats, .* say int8"):
        parse_weights(graph, data)


def test_a_param_file_given_for_a_bin_file_is_recognised() -> None:
    with pytest.raises(FormatError, match="swapped"):
        parse_weights(TWO, TWO.source.encode())


def test_bytes_after_the_last_layer_are_kept_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(GOOD + b"more")
    with pytest.warns(WorkbenchWarning, match=r"a\.bin: 4 bytes follow"):
        found = read_weights(TWO, tmp_path / "a.bin")
    assert found.rest == b"more"
    assert joined(TWO, found) == GOOD + b"more"


def test_an_unknown_layer_without_weights_does_not_hide_those_behind_it() -> None:
    found = parse_weights(WITH_UNKNOWN, GOOD)
    assert list(found) == ["conv", "fc"]
    assert joined(WITH_UNKNOWN, found) == GOOD


def test_what_follows_an_unknown_layer_with_weights_is_kept_as_bytes() -> None:
    data = GOOD[:36] + b"its own weights." + GOOD[36:]
    found = parse_weights(WITH_UNKNOWN, data)
    assert list(found) == ["conv"]
    assert found.rest == data[36:]
    assert joined(WITH_UNKNOWN, found) == data


def test_an_error_before_the_unknown_layer_is_an_error() -> None:
    with pytest.raises(FormatError, match="conv"):
        parse_weights(WITH_UNKNOWN, GOOD[:30])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"conv": ()}, "needs the weights"),
        ({"conv": two()["conv"][:1]}, "needs the weights"),
        ({"conv": two()["conv"][::-1]}, "needs the weights"),
        ({"fc": (Weight.of("weight", WEIGHT[:5], "float32"),)}, "needs the weights"),
        ({"fc": (Weight.of("weight", WEIGHT),)}, "0x3f000000 is not a tag"),
        (
            {"fc": (Weight("weight", "extra", 6, two()["fc"][0].data),)},
            "28 bytes are not 6 .* extra",
        ),
        ({"fc": (Weight.of("weight", WEIGHT * 0, "int8"),)}, "the weights are int8"),
        (
            {"fc": (Weight("weight", "float32", 6, bytes(27)),)},
            "28 bytes are needed for 6 numbers, there are 27",
        ),
        (
            {"fc": (Weight("weight", "float32", 6, bytes(32)),)},
            "32 bytes are not 6 numbers as float32",
        ),
        ({"fc": (Weight("weight", "float32", 6, b"\0" * 4 + b"\xff" * 24),)}, "NaN"),
        ({"who": two()["fc"]}, "no such layer"),
    ],
)
def test_weights_that_ncnn_would_misread_are_not_written(
    change: dict[str, tuple[Weight, ...]], problem: str, tmp_path: Path
) -> None:
    with pytest.raises(FormatError, match=problem):
        write_weights(TWO, {**two(), **change}, tmp_path / "a.bin")
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"old")
    with pytest.raises(FormatError):
        write_weights(TWO, {}, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    with pytest.raises(WorkbenchError, match="cannot be written"):
        write_weights(TWO, two(), tmp_path / "none" / "a.bin")


def test_a_count_beyond_the_file_is_refused_before_anything_is_allocated() -> None:
    graph = parse_param(f"7767517\n2 2\nInput a 0 1 a\nInnerProduct x 1 1 a x 0=1 2={2**31 - 1}\n")
    with pytest.raises(FormatError, match=f"{2**33} bytes are needed"):
        parse_weights(graph, bytes(100))


def test_a_folder_or_a_missing_file_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.bin"):
        with pytest.raises(FormatError, match=re.escape(str(path))):
            read_weights(TWO, path)


def test_layers_without_weights_have_no_entry() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = parse_weights(TWO, GOOD)
    assert "data" not in found
    assert len(found) == 2
    assert isinstance(found, Weights)

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import FormatError, GraphError, WorkbenchError
from workbench.formats.param import format_param, parse_param, read_param, write_param
from workbench.graph import Graph, Layer

GOOD = """7767517
3 3
Input            data             0 1 data 0=227 1=227 2=3
Convolution      conv1            1 1 data conv1 0=64 1=3 3=2 5=1 6=1728
ReLU             relu1            1 1 conv1 relu1 0=1.000000e-01
"""


def one(line: str) -> Layer:
    """The layer of a network with this one line."""
    tops = int(line.split()[3])
    return parse_param(f"7767517\n1 {tops}\n{line}\n").layers[0]


def test_a_layer_has_type_name_blobs_and_params() -> None:
    data, conv, relu = parse_param(GOOD).layers
    assert conv == Layer(
        "Convolution", "conv1", ("data",), ("conv1",), {0: 64, 1: 3, 3: 2, 5: 1, 6: 1728}
    )
    assert data.bottoms == ()
    assert relu.params[0] == float(np.float32(0.1))


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("0=5", 5),
        ("0=+5", 5),
        ("0=-233", -233),
        ("0=2147483647", 2**31 - 1),
        ("0=1.", 1.0),
        ("0=.5", 0.5),
        ("0=-1e-3", float(np.float32(-1e-3))),
        ("0=3.4028235e38", float(np.finfo(np.float32).max)),
        ("0=1e-60", 0.0),
        ("-23300=3,1,-2,3", (1, -2, 3)),
        ("-23300=0", ()),
        ("-23300=2,1.5,2.0", (1.5, 2.0)),
        ("0=1,-2,3", (1, -2, 3)),
        ("0=7,", (7,)),
        ("0=1.5,2.0", (1.5, 2.0)),
        ('0="0w,0h*2"', "0w,0h*2"),
        ('0="two words"', "two words"),
        ('0=""', ""),
        ("0=nearest", "nearest"),
    ],
)
def test_a_value_is_read_as_ncnn_reads_it(word: str, value: object) -> None:
    found = one(f"X x 0 1 x {word} 1=1").params
    assert found == {0: value, 1: 1}
    assert type(found[0]) is type(value)


@pytest.mark.parametrize(
    "word",
    [
        *("0=", "=1", "0", "a=1", "0 = 1", "0=1=2", "0==1", "0=1;2", "0=0x10", "0=1e", "0=--1"),
        *("0=2147483648", "0=-2147483649", "0=1e39", "0=.", "0=1_0", "0=١", "1=1 1=1"),
        *("32=1", "-1=1", "-23332=1,1", "-23299=1,1", "999999999999=1", "٣=1"),
        *("-23300=2,1", "-23300=1,1,2", "-23300=-1", "-23300=", "-23300=9999999999,1"),
        *("-23300=2,1,2.5", "0=1,2.5", "0=1,,2", "0=,", "0=1,x", "-23300=1,nan"),
        *('0="open', '0="a"b', '0="', f"0={'a' * 256}", f"0={'1' * 128}", f"0=1.{'0' * 127}"),
        f"{'1' * 10_000}=1",
    ],
)
def test_a_value_that_ncnn_would_refuse_or_misread_names_the_line(word: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_param(f"7767517\n1 1\n\nX x 0 1 x {word}\n", "net.param")
    assert caught.value.where == "net.param:4"
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        ("", ":1", "empty"),
        ("\n \t\n", ":1", "empty"),
        ("48 56\nInput data 0 1 data\n", ":1", "magic number"),
        ("7767518\n1 1\nInput data 0 1 data\n", ":1", "magic number"),
        ("7767517 1 1\nInput data 0 1 data\n", ":1", "magic number"),
        ("7767517\n", ":1", "ends before the first layer"),
        ("7767517\n1 1\n", ":2", "ends before the first layer"),
        ("7767517\n0 0\n", ":2", "ends before the first layer"),
        ("7767517\n1\nInput data 0 1 data\n", ":2", "'1', the file has 1 1"),
        ("7767517\n2 1\nInput data 0 1 data\n", ":2", "'2 1', the file has 1 1"),
        ("7767517\n1 2\nInput data 0 1 data\n", ":2", "'1 2', the file has 1 1"),
        ("7767517\n-1 1\nInput data 0 1 data\n", ":2", "'-1 1', the file has 1 1"),
        ("7767517\n99999999999 9\nInput data 0 1 data\n", ":2", "does not fit in 32 bits"),
        ("7767517\n1 x\nInput data 0 1 data\n", ":2", "'x' is not a whole number"),
        ("7767517\n1 1\nInput\n", ":3", "ends before the last blob name"),
        ("7767517\n1 1\nInput data 0\n", ":3", "ends before the last blob name"),
        ("7767517\n1 1\nInput data 0 2147483647 data\n", ":3", "ends before the last blob name"),
        ("7767517\n1 1\nInput data 0 -1 data\n", ":3", "cannot have -1 blobs"),
        ("7767517\n1 1\nInput data -1 1 data\n", ":3", "cannot have -1 blobs"),
        ("7767517\n1 1\nInput data zero 1 data\n", ":3", "'zero' is not a whole number"),
        ("7767517\n1 2\nInput data 0 2 data 0=1\n", ":3", "'0=1' where a name should be"),
        (f"7767517\n1 1\nInput {'n' * 256} 0 1 data\n", ":3", "longer than 255 bytes"),
        (f"7767517\n1 1\nInput data 0 1 {'é' * 128}\n", ":3", "longer than 255 bytes"),
        ("7767517\n1 1\nInput data\0 0 1 data\n", ":3", "control character 0x00 at column 11"),
        ("7767517\n1 1\nInput data 0 1\rdata\n", ":3", "control character 0x0d"),
        ("7767517\n1 1\npnnx.Input in 0 1 0 #0=(1,3)f32\n", ":3", "pnnx's own format"),
        ("7767517\n1 1\naten::relu in 0 1 0\n", ":3", "pnnx's own format"),
    ],
)
def test_a_text_that_is_no_param_file_names_the_line(text: str, where: str, problem: str) -> None:
    with pytest.raises(FormatError, match=re.escape(problem)) as caught:
        parse_param(text, "net.param")
    assert caught.value.where == f"net.param{where}"


def test_layers_that_do_not_fit_name_the_line() -> None:
    with pytest.raises(GraphError, match="'nothing' is not the top") as caught:
        parse_param("7767517\n2 2\n\nInput data 0 1 data\nReLU r 1 1 nothing r\n", "net.param")
    assert caught.value.where == "net.param:5, layer r (ReLU)"


SPELLINGS = [
    GOOD,
    GOOD.replace("\n", "\r\n"),
    GOOD.rstrip("\n"),
    GOOD.replace("\n", "\n\n"),
    GOOD.replace(" ", "\t"),
    GOOD.replace(" 0=64 1=3", "   1=3 0=64  "),
    GOOD.replace("conv1", "卷积/é"),
    GOOD.replace("0=227 1=227", "0=+227 1=0227"),
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_an_unchanged_file_is_written_back_to_the_byte(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.param").write_bytes(text.encode())
    graph = read_param(tmp_path / "a.param")
    write_param(format_param(graph), tmp_path / "b.param")
    assert (tmp_path / "b.param").read_bytes() == text.encode()
    assert [layer.type for layer in graph.layers] == ["Input", "Convolution", "ReLU"]


@pytest.mark.parametrize("value", [65, 64.0])
def test_a_changed_layer_is_written_afresh(value: float) -> None:
    graph = parse_param(GOOD)
    data, conv, relu = graph.layers
    changed = Layer(conv.type, conv.name, conv.bottoms, conv.tops, {**conv.params, 0: value})
    text = format_param(Graph((data, changed, relu), graph.source))
    assert text == format_param(Graph((data, changed, relu)))
    assert parse_param(text).layers[1] == changed


def test_a_fresh_file_has_ncnns_columns() -> None:
    text = format_param(Graph(parse_param(GOOD).layers))
    assert text.splitlines()[2:4] == [
        "Input                    data                     0 1 data 0=227 1=227 2=3",
        "Convolution              conv1                    1 1 data conv1 0=64 1=3 3=2 5=1 6=1728",
    ]
    assert text.endswith("relu1 0=0.1\n")


FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
INTS = st.integers(-(2**31), 2**31 - 1)
TEXTS = st.text(
    st.characters(exclude_characters='"', exclude_categories=["C", "Zl", "Zp"]), max_size=60
)
VALUES = st.one_of(
    INTS, FLOATS, TEXTS, st.lists(INTS).map(tuple), st.lists(FLOATS, min_size=1).map(tuple)
)
NAMES = st.from_regex(r"[!-~à-ÿ]{1,40}", fullmatch=True).filter(
    lambda name: not re.match(r"-?[0-9]+=", name)
)


@given(
    type=NAMES.filter(lambda name: "." not in name and "::" not in name),
    name=NAMES,
    top=NAMES,
    params=st.dictionaries(st.integers(0, 31), VALUES, max_size=6),
)
def test_any_layer_survives_writing_and_reading(
    type: str, name: str, top: str, params: dict[int, int | float | str | tuple[int, ...]]
) -> None:
    graph = Graph((Layer(type, name, (), (top,), params),))
    again = parse_param(format_param(graph))
    assert again == graph
    assert format_param(again) == again.source
    found = again.layers[0].params
    assert [str(value) for value in found.values()] == [str(value) for value in params.values()]


@given(FLOATS)
def test_a_float_takes_at_most_15_characters_and_9_decimals(number: float) -> None:
    graph = Graph((Layer("X", "x", (), ("x",), {0: number}),))
    word = format_param(graph).rstrip().rsplit("=", 1)[1]
    assert len(word) <= 15
    assert len(word.split("e")[0].partition(".")[2]) <= 9


@pytest.mark.parametrize(
    "layer",
    [
        Layer("X", "a b", (), ("x",)),
        Layer("X", "", (), ("x",)),
        Layer("X", "x", (), ("x" * 256,)),
        Layer("X", "x", (), ("0=1",)),
        Layer("X", "x", (), ("x",), {32: 1}),
        Layer("X", "x", (), ("x",), {0: 2**31}),
        Layer("X", "x", (), ("x",), {0: float("nan")}),
        Layer("X", "x", (), ("x",), {0: 1e39}),
        Layer("X", "x", (), ("x",), {0: 'a "quote"'}),
        Layer("X", "x", (), ("x",), {0: "a\nline"}),
        Layer("X", "x", (), ("x",), {0: (1, 2.5)}),
    ],
)
def test_what_the_format_cannot_hold_is_not_written(layer: Layer) -> None:
    with pytest.raises(FormatError, match="layer "):
        format_param(Graph((layer,)))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\xef\xbb\xbf7767517\n", "byte order mark"),
        (b"\xdd\x85\x76\x00\x03\x00\x00\x00", "binary .param.bin"),
        (b"\x47\x6b\x30\x01\x00\x00", "binary data"),
        (b"\x08\x07\x12\x07pytorch", "binary data"),
        (GOOD.encode().replace(b"conv1 0", b"conv\xff 0"), ":4: byte 0xff is not UTF-8"),
        (b"", "empty"),
    ],
)
def test_another_kind_of_file_is_recognised(data: bytes, problem: str, tmp_path: Path) -> None:
    (tmp_path / "net.param").write_bytes(data)
    with pytest.raises(FormatError, match=problem) as caught:
        read_param(tmp_path / "net.param")
    assert caught.value.where.startswith("net.param:")


def test_a_path_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.param", tmp_path, "/dev/zero", "a\0b"):
        with pytest.raises(FormatError):
            read_param(path)


def test_a_path_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="cannot be written"):
        write_param(GOOD, tmp_path / "none" / "a.param")


@pytest.mark.parametrize(
    "line",
    [
        f"X x 0 1 x -23300=500000{',1' * 500_000}",
        f"X x 0 1 x {' ' * 1_000_000}0=1",
        f"X x 0 1 {'x' * 1_000_000}",
        f"X x 0 1 x {'0' * 1_000_000}",
        f"X x 0 1 x 0={'9' * 1_000_000}",
        f"X x 0 1 x {'0=' * 500_000}",
        f'X x 0 1 x 0="{"a" * 1_000_000}',
        f"X x 0 300000 {' '.join(f'b{i}' for i in range(300_000))}",
    ],
    ids=lambda line: line[:20],
)
def test_a_line_of_a_megabyte_is_read_or_refused_at_once(line: str) -> None:
    assert len(problem_of(f"7767517\n1 1\n{line}\n")) < 300


def problem_of(text: str) -> str:
    """What is wrong with a text, or nothing."""
    try:
        parse_param(text)
    except WorkbenchError as error:
        return str(error)
    return ""

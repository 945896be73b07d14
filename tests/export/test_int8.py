from __future__ import annotations

import struct

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import calibrate
from workbench.errors import CalibrationError, FormatError, WorkbenchWarning
from workbench.export.int8 import export_int8, int8_model
from workbench.export.table import load_table, save_table
from workbench.formats.param import parse_param
from workbench.formats.table import Table
from workbench.formats.weights import Weight, format_weights
from workbench.graph import Graph
from workbench.model import Model, load_model, save_model
from workbench.ops import values

INT8 = 0x000D4B38
HALF = 0x01306B47


@pytest.fixture
def plan(model, arrays):
    return calibrate(model, collect(model, arrays, progress=False))


def bytes_of(model: Model) -> bytes:
    return b"".join(format_weights(model.graph, model.weights))


def floats(numbers) -> bytes:
    return b"".join(struct.pack("<f", number) for number in numbers)


def int8_part(array, channels: int, row: list[float]) -> bytes:
    """Weights as int8, one number after the other."""
    numbers, found = array.ravel().tolist(), []
    for place, number in enumerate(numbers):
        scale = np.float32(row[place * channels // len(numbers)])
        product = float(np.float32(number) * scale)
        whole = int(abs(product) + 0.5)
        found.append(max(-127, min(127, whole if product > 0 else -whole)))
    data = struct.pack("<I", INT8) + struct.pack(f"<{len(found)}b", *found)
    return data + bytes(-len(found) % 4)


def test_the_bytes_are_those_of_the_format(model, plan, tmp_path):
    """A plain second way to the same bytes, from the text of the table."""
    save_table(plan, tmp_path / "m.table")
    rows = {
        name: [float(word) for word in words]
        for name, *words in map(str.split, (tmp_path / "m.table").read_text().splitlines())
    }
    expected = b""
    for layer in ("conv1", "dw", "conv2", "fc"):
        scales = rows[f"{layer}_param_0"]
        arrays = model.weights[layer]
        expected += int8_part(model.weight(layer, "weight"), len(scales), scales)
        expected += b"".join(floats(bias.array) for bias in arrays[1:])
        expected += floats(scales) + floats(rows[layer])
        if layer == "conv1":
            expected += floats(rows["dw"])
    export_int8(model, plan, tmp_path / "i.param", tmp_path / "i.bin")
    assert (tmp_path / "i.bin").read_bytes() == expected


def test_a_layer_to_the_byte():
    text = "7767517\n2 2\nInput data 0 1 data\nInnerProduct fc 1 1 data fc 0=3 1=1 2=3\n"
    weights = (
        Weight.of("weight", np.array([0.5, -0.25, 3], np.float32), "float32"),
        Weight.of("bias", np.array([1, 1e-35, -2], np.float32)),
    )
    model = Model(parse_param(text), {"fc": weights})
    made = int8_model(model, Table({"fc": (5.0, 10.0, 100.0)}, {"fc": (2.0,)}))
    assert bytes_of(made).hex(" ", 4) == (
        "384b0d00 03fd7f00"  # 2.5 -> 3, -2.5 -> -3, 300 -> 127, padding
        " 0000803f 00000000 000000c0"  # bias; what is tiny becomes 0
        " 0000a040 00002041 0000c842"  # weight scales
        " 00000040"  # scale of the bottom blob
    )


def test_the_terms_say_how_each_layer_computes(model, plan):
    made = int8_model(model, plan)
    terms = {layer.name: layer.params.get(8, 0) for layer in made.graph.layers}
    assert {name: term for name, term in terms.items() if term} == {
        "conv1": 102,
        "dw": 1,
        "conv2": 2,
        "fc": 2,
    }


A = "Convolution a 1 1 data a 0=4 1=1 6=12"
B = "{} b 1 1 {} b 0=4 1=1 6=16"
SPLIT = "Split s 1 2 a left right"


@pytest.mark.parametrize(
    ("lines", "terms"),
    [
        ([A, B.format("Convolution", "a")], {"a": 102, "b": 2}),
        ([A, B.format("ConvolutionDepthWise", "a")], {"a": 102, "b": 1}),
        ([A, "ReLU r 1 1 a r", B.format("Convolution", "r")], {"a": 2, "b": 2}),
        ([A, "Pooling r 1 1 a r 1=2 2=2", B.format("Convolution", "r")], {"a": 2, "b": 2}),
        ([A, "InnerProduct b 1 1 a b 0=4 2=16"], {"a": 2, "b": 2}),
        ([A, SPLIT, B.format("Convolution", "left"), "ReLU r 1 1 right r"], {"a": 2, "b": 2}),
        ([A, SPLIT, B.format("Convolution", "left")], {"a": 2, "b": 2}),
        (
            [A, SPLIT, B.format("Convolution", "left"), "Convolution c 1 1 right c 0=4 1=1 6=16"],
            {"a": 102, "b": 2, "c": 2},
        ),
    ],
)
def test_an_output_stays_int8_if_only_convolutions_read_it(lines, terms):
    layers = ["Input data 0 1 data 0=8 1=8 2=3", *lines]
    blobs = sum(int(line.split()[3]) for line in layers)
    graph = parse_param("\n".join(["7767517", f"{len(layers)} {blobs}", *layers]))
    weights = {
        name: (Weight.of("weight", np.ones(12 if name == "a" else 16, np.float32), "float32"),)
        for name in terms
    }
    counts = {name: 1 if terms[name] == 1 else 4 for name in terms}
    table = Table({name: (9.0,) * counts[name] for name in terms}, dict.fromkeys(terms, (2.0,)))
    made = int8_model(Model(graph, weights), table)
    assert {name: made.graph.by_name[name].params[8] for name in terms} == terms


def test_nothing_else_in_the_param_file_changes(model, plan):
    made = int8_model(model, plan)
    for before, after in zip(model.graph.layers, made.graph.layers, strict=True):
        assert (before.type, before.name, before.bottoms, before.tops) == (
            (after.type, after.name, after.bottoms, after.tops)
        )
        expected = dict(values(before)) | {
            key: value for key, value in values(after).items() if key == "int8_scale_term"
        }
        assert dict(values(after)) == expected


def test_a_layer_kept_in_float_has_half_precision_weights(model, plan):
    made = int8_model(model, plan.changed("dw", keep_float=True))
    assert [weight.encoding for weight in made.weights["dw"]] == ["float16"]
    data = made.weights["dw"][0].data
    assert bytes(data[:4]) == struct.pack("<I", HALF)
    np.testing.assert_array_equal(
        np.frombuffer(data, "<f2", 36, 4), model.weights["dw"][0].array.astype(np.float16)
    )
    assert 8 not in made.graph.by_name["dw"].params
    assert made.graph.by_name["conv1"].params[8] == 2  # its output has a float reader now


def test_the_scale_handed_on_is_that_of_the_reader_at_the_first_top(model, plan):
    with pytest.warns(WorkbenchWarning, match="row 'conv2' has another scale than 'dw'"):
        made = int8_model(model, plan.changed("conv2", threshold=0.5))
    assert made.weight("conv1", "top_int8_scales") == made.weight("dw", "bottom_int8_scales")
    assert made.weight("conv2", "bottom_int8_scales") == np.float32(254)


def test_a_plan_gives_the_same_as_its_table(model, plan, tmp_path):
    save_table(plan, tmp_path / "m.table")
    table = load_table(tmp_path / "m.table", model)
    assert bytes_of(int8_model(model, table)) == bytes_of(int8_model(model, plan))


def test_a_network_all_in_float_is_only_stored_in_half_precision(model, plan):
    for layer in ("conv1", "dw", "conv2", "fc"):
        plan = plan.changed(layer, keep_float=True)
    with pytest.warns(WorkbenchWarning, match="the table has no rows"):
        made = int8_model(model, plan)
    assert made.graph == Graph(model.graph.layers)
    assert {w.encoding for arrays in made.weights.values() for w in arrays} == {"float16", "raw"}


def test_constants_and_unknown_layers_stay_as_they_are(model):
    text = """7767517
4 4
Input      data 0 1 data
InnerProduct fc 1 1 data fc 0=5 1=1 2=40
MemoryData constant 0 1 constant 0=3 21=0
Mystery    mystery 2 1 fc constant out
"""
    constant = Weight.of("data", np.array([0.1, 0.2, 0.3], np.float32), "float32")
    odd = Model(parse_param(text), {"fc": model.weights["fc"], "constant": (constant,)})
    made = int8_model(odd, Table({"fc": (9.0,) * 5}, {"fc": (2.0,)}))
    assert made.weights["constant"] == (constant,)
    assert made.graph.by_name["mystery"] == odd.graph.by_name["mystery"]


def test_what_follows_a_layer_of_an_unknown_type_is_kept(model, plan, tmp_path):
    save_model(model, tmp_path / "m.param", tmp_path / "m.bin")
    text = (tmp_path / "m.param").read_text()
    (tmp_path / "m.param").write_text(
        text.replace("9 10", "10 11").replace("Pooling ", "Mystery m 1 1 concat m\nPooling ", 1)
    )
    data = (tmp_path / "m.bin").read_bytes()
    (tmp_path / "m.bin").write_bytes(data + b"more")
    odd = load_model(tmp_path / "m.param", tmp_path / "m.bin")
    assert odd.rest
    made = int8_model(odd, Table({"dw": (9.0,) * 4}, {"dw": (2.0,)}))
    assert bytes_of(made).endswith(odd.rest)


def test_layers_that_the_converter_quantizes_unasked_are_told(tmp_path, model):
    text = """7767517
3 3
Input data 0 1 data
InnerProduct fc 1 1 data fc 0=5 1=1 2=40
Gemm gemm 1 1 fc out 5=1 6=1 8=2 9=5 10=-1
"""
    b = Weight.of("B", np.ones((5, 2), np.float32), "float32")
    odd = Model(parse_param(text), {"fc": model.weights["fc"], "gemm": (b,)})
    table = Table({"fc": (9.0,) * 5}, {"fc": (2.0,)})
    with pytest.warns(WorkbenchWarning, match="quantize them unasked: Gemm gemm"):
        export_int8(odd, table, tmp_path / "i.param", tmp_path / "i.bin")
    back = load_model(tmp_path / "i.param", tmp_path / "i.bin")
    assert [weight.encoding for weight in back.weights["gemm"]] == ["float16"]


def test_a_plan_for_another_network_is_refused(model_with, plan):
    with pytest.raises(CalibrationError, match="another network"):
        int8_model(model_with(lambda layer, name, array: array * 2), plan)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (Table({"fc": (1.0,)}, {"fc": (1.0,)}), "has 1 numbers, the layer needs 5"),
        (Table({"fc": (1.0,) * 5}, {}), "no partner"),
        (Table({"cf": (1.0,) * 5}, {"cf": (1.0,)}), "names no layer"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(model, table, says):
    with pytest.raises(FormatError, match=says):
        int8_model(model, table)


def test_an_int8_network_is_not_quantized_again(model, plan):
    table = plan.table
    with pytest.raises(FormatError, match="conv1 is int8 already"):
        int8_model(int8_model(model, plan), table)


def test_the_files_of_the_float_network_are_never_overwritten(model, plan, tmp_path):
    save_model(model, tmp_path / "m.param", tmp_path / "m.bin")
    loaded = load_model(tmp_path / "m.param", tmp_path / "m.bin")
    for param, bin in (("m.param", "i.bin"), ("i.param", "m.bin"), ("m.bin", "i.bin")):
        with pytest.raises(FormatError, match="this is the float network"):
            export_int8(loaded, plan, tmp_path / param, tmp_path / bin)
    with pytest.raises(FormatError, match="both files have one name"):
        export_int8(loaded, plan, tmp_path / "i", tmp_path / "i")
    assert {path.name for path in tmp_path.iterdir()} == {"m.param", "m.bin"}


def test_a_folder_that_is_not_there_leaves_no_half_behind(model, plan, tmp_path):
    with pytest.raises(FormatError, match="no such folder"):
        export_int8(model, plan, tmp_path / "none" / "i.param", tmp_path / "i.bin")
    assert not list(tmp_path.iterdir())

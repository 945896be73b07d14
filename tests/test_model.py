from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import FormatError, GraphError, WorkbenchWarning
from workbench.formats.param import parse_param
from workbench.formats.weights import Weight, Weights, parse_weights
from workbench.graph import Graph, Layer
from workbench.model import Model, blob_shapes, load_model, save_model

PARAM = """7767517
8 9
Input                data   0 1 data 0=8 1=8 2=3
Convolution          conv   1 1 data conv 0=4 1=3 4=1 5=1 6=108 9=1

Split                split  1 2 conv left right
ConvolutionDepthWise dw     1 1 left dw 0=4 1=3 4=1 6=36 7=4
MyOwnLayer           mine   1 1 right mine 0=5
BinaryOp             add    2 1 dw mine sum
Pooling              pool   1 1 sum pool 0=1 4=1
InnerProduct         fc     1 1 pool fc 0=5 1=1 2=20
"""
SHAPES = {"conv": (4, 3, 3, 3), "dw": (4, 1, 3, 3), "fc": (5, 4)}


@pytest.fixture
def model() -> Model:
    rng = np.random.default_rng(1)
    weights = {}
    for name, shape in SHAPES.items():
        weight = Weight.of("weight", rng.normal(size=shape), "float16")
        bias = () if name == "dw" else (Weight.of("bias", rng.normal(size=shape[0])),)
        weights[name] = (weight, *bias)
    return Model(parse_param(PARAM), weights)


@pytest.fixture
def files(model: Model, tmp_path: Path) -> tuple[Path, Path]:
    save_model(model, tmp_path / "net.param", tmp_path / "net.bin")
    return tmp_path / "net.param", tmp_path / "net.bin"


def load_edited(files: tuple[Path, Path], old: str, new: str) -> Model:
    """Load the network after its .param file was edited."""
    text = files[0].read_text()
    assert old in text
    files[0].write_text(text.replace(old, new))
    return load_model(*files)


def test_a_network_is_read_and_written_back_to_the_byte(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    loaded = load_model(*files)
    save_model(loaded, tmp_path / "b.param", tmp_path / "b.bin")
    assert (tmp_path / "b.param").read_bytes() == files[0].read_bytes() == PARAM.encode()
    assert (tmp_path / "b.bin").read_bytes() == files[1].read_bytes()
    assert (loaded.param_path, loaded.bin_path) == files
    assert loaded.rest == b""


def test_weights_have_their_shapes_and_are_read_only(files: tuple[Path, Path]) -> None:
    loaded = load_model(str(files[0]), str(files[1]))
    for name, shape in SHAPES.items():
        weight = loaded.weight(name, "weight")
        assert weight.shape == shape
        assert weight.dtype == np.float32
        assert not weight.flags.writeable
    assert loaded.weight("fc", "bias").shape == (5,)


def test_weights_that_are_not_there_are_named(model: Model) -> None:
    for layer, weight in (("conv", "scale"), ("split", "weight"), ("nobody", "weight")):
        with pytest.raises(GraphError, match=f"layer {layer}: no weights named '{weight}'"):
            model.weight(layer, weight)


def test_layers_that_can_run_in_int8_are_found_in_order(model: Model) -> None:
    assert [layer.name for layer in model.quantizable] == ["conv", "dw", "fc"]


def test_weights_that_come_as_bottoms_are_not_quantizable() -> None:
    text = """7767517
3 3
Input       data 0 1 data
MemoryData  w    0 1 w 0=27
Convolution conv 2 1 data w conv 0=1 1=3 19=1
"""
    assert Model(parse_param(text), {}).quantizable == ()


def test_an_unknown_layer_is_kept_and_listed(files: tuple[Path, Path]) -> None:
    loaded = load_model(*files)
    assert loaded.unknown_types == ("MyOwnLayer",)
    assert loaded.graph.by_name["mine"].params == {0: 5}


def test_layers_behind_weights_of_an_unknown_layer_are_not_quantizable(model: Model) -> None:
    data = b"".join(bytes(weight.data) for weight in (*model.weights["conv"], *model.weights["dw"]))
    weights = parse_weights(model.graph, data + b"weights of its own")
    assert [layer.name for layer in replace(model, weights=weights).quantizable] == ["conv", "dw"]
    assert replace(model, weights=weights).rest == b"weights of its own"


def test_the_hash_covers_text_and_bytes(model: Model, files: tuple[Path, Path]) -> None:
    loaded = load_model(*files)
    assert loaded.sha256 == model.sha256
    assert len(loaded.sha256) == 64
    renamed = Graph(parse_param(PARAM.replace("fc", "head")).layers)
    weights = {("head" if name == "fc" else name): found for name, found in model.weights.items()}
    assert Model(renamed, weights).sha256 != model.sha256
    bias = Weight.of("bias", np.zeros(5))
    other = {**model.weights, "fc": (model.weights["fc"][0], bias)}
    assert replace(model, weights=other).sha256 != model.sha256
    head = {name: model.weights[name] for name in ("conv", "dw")}
    rests = (replace(model, weights=Weights(head, rest)).sha256 for rest in (b"a", b"b"))
    assert len({*rests, model.sha256}) == 3


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("6=108", "6=109", r"net.param:4, layer conv \(Convolution\): weight_data_size"),
        ("0=4 1=3 4=1 5=1", "0=4 1=0 4=1 5=1", r"net.param:4, layer conv .*: the kernel"),
        ("7=4", "7=3", "net.param:7, layer dw .*: num_output"),
        ("7=4", "7=0", "net.param:7, layer dw .*: group"),
        ("BinaryOp             add    2 1 dw mine sum", "ReLU add 2 1 dw mine sum", "2 bottom"),
        ("2=3", "2=4", "net.param:4, layer conv .*: its input has 4 channels.* are for 3"),
        ("0=1 4=1\n", "0=1 4=1 1=1.5\n", "net.param:10, layer pool .*kernel_w .* not a whole"),
        ("Input                data   0 1", "Noop data 0 1", "0 bottom blobs"),
        ("Input                data   0 1 data 0=8", "MyInput data 0 1 data 0=8", "no Input layer"),
    ],
)
def test_a_network_that_ncnn_would_crash_on_is_refused(
    old: str, new: str, problem: str, files: tuple[Path, Path]
) -> None:
    with pytest.raises(GraphError, match=problem):
        load_edited(files, old, new)


def test_a_bin_file_of_another_network_is_refused(files: tuple[Path, Path]) -> None:
    with pytest.raises(FormatError, match=r"net\.bin, byte \d+, weight of layer dw"):
        load_edited(files, "5=1 6=108", "5=0 6=108")


def test_the_bin_file_of_a_longer_network_is_taken_with_a_warning(
    files: tuple[Path, Path],
) -> None:
    head = PARAM.replace("\n8 9\n", "\n5 5\n").split("MyOwnLayer")[0] + "Noop n 1 0 right\n"
    files[0].write_text(head)
    with pytest.warns(WorkbenchWarning, match=r"net\.bin: 64 bytes follow the last layer"):
        loaded = load_model(*files)
    assert loaded.rest == files[1].read_bytes()[-64:]


def test_swapped_files_are_recognised(files: tuple[Path, Path]) -> None:
    with pytest.raises(FormatError, match="binary data"):
        load_model(files[1], files[0])
    with pytest.raises(FormatError, match="swapped"):
        load_model(files[0], files[0])


def test_shapes_follow_from_what_is_fed(model: Model) -> None:
    declared = blob_shapes(model.graph)
    assert declared["conv"] == (4, None, None)
    assert declared["mine"] is None
    fed = blob_shapes(model.graph, {"data": (3, 10, 12)})
    assert fed["dw"] == (4, 10, 12)
    with pytest.raises(GraphError, match=r"^layer conv \(Convolution\): its input has 1 channels"):
        blob_shapes(model.graph, {"data": (1, 10, 12)})


def test_a_changed_model_is_written_with_its_changes(model: Model, tmp_path: Path) -> None:
    layers = tuple(
        Layer(layer.type, layer.name, layer.bottoms, layer.tops, {0: 1})
        if layer.name == "mine"
        else layer
        for layer in model.graph.layers
    )
    changed = replace(model, graph=Graph(layers, model.graph.source))
    save_model(changed, tmp_path / "a.param", tmp_path / "a.bin")
    loaded = load_model(tmp_path / "a.param", tmp_path / "a.bin")
    assert loaded.graph == changed.graph
    assert loaded.sha256 == changed.sha256 != model.sha256


def test_a_network_that_cannot_be_written_leaves_both_files(
    model: Model, files: tuple[Path, Path]
) -> None:
    before = [path.read_bytes() for path in files]
    extra = Layer("Input", "a name", (), ("extra",))
    with pytest.raises(FormatError, match="has blanks"):
        save_model(replace(model, graph=Graph((*model.graph.layers, extra))), *files)
    with pytest.raises(FormatError, match="needs the weights"):
        save_model(replace(model, weights={}), *files)
    assert [path.read_bytes() for path in files] == before

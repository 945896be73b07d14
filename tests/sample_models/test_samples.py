"""The sample networks as bundled: files, catalogue, images, and what ncnn makes of them."""

import hashlib
import json
from pathlib import Path

import ncnn
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

FOLDER = Path(__file__).parents[2] / "sample_models"
CATALOGUE = json.loads((FOLDER / "samples.json").read_text())
NETWORKS = CATALOGUE["networks"]
PROMISED_LAYERS = {
    "mobilenet_v2": {"ConvolutionDepthWise", "Split", "BinaryOp", "Pooling", "InnerProduct"},
    "shufflenet_v2": {"ConvolutionDepthWise", "Slice", "Concat", "ShuffleChannel", "Pooling"},
    "plain_cnn": {"Convolution", "Pooling", "Flatten", "InnerProduct"},
}
Pixels = NDArray[np.uint8]
each_network = pytest.mark.parametrize("name", NETWORKS)


def read_layers(name: str) -> list[list[str]]:
    lines = (FOLDER / NETWORKS[name]["param"]).read_text().splitlines()
    return [line.split() for line in lines[2:]]


def read_labels() -> dict[str, int]:
    lines = (FOLDER / CATALOGUE["images"]["labels"]).read_text().splitlines()
    return {file: int(label) for file, label in (line.split() for line in lines)}


def image_files(part: str) -> list[Path]:
    return sorted((FOLDER / CATALOGUE["images"][part]).glob("*.png"))


def read_pixels(path: Path) -> Pixels:
    with Image.open(path) as image:
        assert image.mode == "L"
        return np.array(image)


def classify(name: str, images: list[Pixels]) -> list[int]:
    network = NETWORKS[name]
    net = ncnn.Net()
    net.opt.num_threads = 1
    assert net.load_param(str(FOLDER / network["param"])) == 0
    assert net.load_model(str(FOLDER / network["bin"])) == 0
    digits = []
    for pixels in images:
        array = (pixels[None].astype(np.float32) - network["mean"][0]) * network["norm"][0]
        array = np.ascontiguousarray(array, dtype=np.float32)
        extractor = net.create_extractor()
        assert extractor.input(network["input"], ncnn.Mat(array)) == 0
        status, prob = extractor.extract(network["output"])
        assert status == 0
        assert np.sum(prob) == pytest.approx(1, abs=1e-4)
        digits.append(int(np.argmax(prob)))
    return digits


def test_the_three_networks_are_in_the_catalogue() -> None:
    assert list(NETWORKS) == list(PROMISED_LAYERS)


@each_network
@pytest.mark.parametrize("kind", ["param", "bin"])
def test_a_file_is_small_and_is_the_one_that_was_measured(name: str, kind: str) -> None:
    data = (FOLDER / NETWORKS[name][kind]).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    assert len(data) < 1_000_000
    assert digest == NETWORKS[name]["sha256"][kind]
    assert digest in (FOLDER / "README.md").read_text()


@each_network
def test_the_layers_promised_are_there(name: str) -> None:
    assert {row[0] for row in read_layers(name)} >= PROMISED_LAYERS[name]


@each_network
def test_batch_norm_is_folded(name: str) -> None:
    assert not {row[0] for row in read_layers(name)} & {"BatchNorm", "Scale", "MemoryData"}


@each_network
def test_the_one_input_and_the_output_are_the_catalogue_s(name: str) -> None:
    rows = read_layers(name)
    assert [row[1] for row in rows if row[0] == "Input"] == [NETWORKS[name]["input"]]
    assert rows[-1][:2] == ["Softmax", NETWORKS[name]["output"]]


@each_network
def test_the_weights_are_fp32_and_complete(name: str) -> None:
    """Each such layer has a tag (4 bytes), its weights and its bias (4 bytes each)."""
    expected = 0
    for row in read_layers(name):
        keys = dict(item.split("=") for item in row if "=" in item)
        count = {"Convolution": "6", "ConvolutionDepthWise": "6", "InnerProduct": "2"}.get(row[0])
        if count:
            expected += 4 * (1 + int(keys[count]) + int(keys["0"]))
    assert (FOLDER / NETWORKS[name]["bin"]).stat().st_size == expected


def test_mobilenet_clips_at_six() -> None:
    clipped = [row for row in read_layers("mobilenet_v2") if "9=3" in row]
    assert len(clipped) == 16
    assert all("-23310=2,0.0,6.0" in row for row in clipped)


def test_the_plain_network_has_3x3_stride_1_convolutions() -> None:
    rows = [row for row in read_layers("plain_cnn") if row[0] == "Convolution"]
    assert len(rows) == 5
    assert all({"1=3", "11=3", "3=1", "13=1"} <= set(row) for row in rows)


def test_the_sets_of_images_are_as_large_as_promised() -> None:
    assert 100 <= len(image_files("calibration")) <= 200
    assert len(image_files("heldout")) >= 300


def test_no_image_is_bundled_twice() -> None:
    files = image_files("calibration") + image_files("heldout")
    assert len({read_pixels(path).tobytes() for path in files}) == len(files)
    assert len({path.name for path in files}) == len(files)


@each_network
def test_every_image_has_the_input_s_size(name: str) -> None:
    width, height, channels = NETWORKS[name]["shape"]
    assert channels == 1
    assert NETWORKS[name]["pixel"] == "GRAY"
    for path in image_files("calibration") + image_files("heldout"):
        assert read_pixels(path).shape == (height, width)


def test_every_held_out_image_has_a_label() -> None:
    labels = read_labels()
    assert sorted(labels) == [path.name for path in image_files("heldout")]
    assert set(labels.values()) == set(range(10))


@pytest.mark.parametrize("part", ["calibration", "heldout"])
def test_glare_is_where_the_catalogue_says_and_nowhere_else(part: str) -> None:
    bright = [path.name for path in image_files(part) if read_pixels(path).max() == 255]
    assert bright == CATALOGUE["images"]["glare"][part]


@each_network
def test_ncnn_reads_the_held_out_digits_as_well_as_the_catalogue_says(name: str) -> None:
    labels = read_labels()
    images = [read_pixels(FOLDER / CATALOGUE["images"]["heldout"] / file) for file in labels]
    right = np.array(classify(name, images)) == np.array(list(labels.values()))
    assert right.mean() >= 0.97
    assert round(float(right.mean()), 4) == NETWORKS[name]["accuracy"]["float"]


@each_network
def test_the_readme_gives_the_catalogue_s_accuracies(name: str) -> None:
    percents = (f"{100 * value:.2f} %" for value in NETWORKS[name]["accuracy"].values())
    assert f"| {name} | {' | '.join(percents)} |" in (FOLDER / "README.md").read_text()

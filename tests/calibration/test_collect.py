from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from workbench.calibration.collect import Collector, Interrupted, collect
from workbench.calibration.inputs import ImageFolder
from workbench.calibration.plan import calibrate
from workbench.engine import Network
from workbench.errors import CalibrationError, GraphError, InputError, WorkbenchWarning
from workbench.export.int8 import int8_model
from workbench.formats.param import parse_param
from workbench.model import Model
from workbench.numerics.histogram import Histogram

QUIET = {"progress": False}
EITHER = pytest.mark.parametrize("passes", [1, 2])


def assert_same(one, two):
    assert dict(one.layers) == dict(two.layers)
    assert one.images == two.images
    for layer in one.layers:
        a, b = one[layer], two[layer]
        assert (a.absmax, a.zeros, a.blob_size) == (b.absmax, b.zeros, b.blob_size)
        assert np.array_equal(a.counts, b.counts)


def counted_runs(monkeypatch) -> list[int]:
    """A list that grows by one with each run of a network."""
    run, calls = Network.run_values, []
    monkeypatch.setattr(Network, "run_values", lambda *args: calls.append(1) or run(*args))
    return calls


def test_each_layer_gets_the_histogram_of_its_bottom_blob(model, arrays):
    stats = collect(model, arrays, passes=2, **QUIET)
    assert dict(stats.layers) == {"conv1": "data", "dw": "conv1", "conv2": "conv1", "fc": "pool"}
    network = Network(model)
    for layer, blob in stats.layers.items():
        values = [network.run({"data": array}, [blob])[blob] for array in arrays]
        absmax = max(float(np.abs(value).max()) for value in values)
        expected = sum(
            (Histogram.of(value, absmax) for value in values[1:]), Histogram.of(values[0], absmax)
        )
        assert stats[layer].absmax == absmax
        assert np.array_equal(stats[layer].counts, expected.counts)
        assert stats[layer].zeros == expected.zeros
        assert stats[layer].blob_size == values[0].size
    assert stats.images == 6
    assert stats.model_sha256 == model.sha256


def test_branches_of_a_split_share_one_histogram(model, arrays):
    stats = collect(model, arrays, **QUIET)
    assert set(stats.histograms) == {"data", "conv1", "pool"}


def test_one_pass_runs_the_network_once_and_finds_the_same_ranges(model, arrays, monkeypatch):
    twice = collect(model, arrays, passes=2, **QUIET)
    ran = counted_runs(monkeypatch)
    once = collect(model, arrays, **QUIET)
    assert len(ran) == len(arrays)
    for layer in once.layers:
        assert once[layer].absmax == twice[layer].absmax
        assert once[layer].zeros == twice[layer].zeros
        assert once[layer].total == twice[layer].total
        assert once[layer].blob_size == twice[layer].blob_size


@pytest.mark.parametrize(
    "wrong", [{"threads": 0}, {"passes": 3}, {"workers": 0}, {"threads": 2, "workers": 2}]
)
def test_arguments_out_of_range_are_refused(model, arrays, wrong):
    with pytest.raises(CalibrationError, match=" is "):
        collect(model, arrays, **wrong, **QUIET)


def test_inputs_may_be_mappings(model, arrays):
    named = [{"data": array} for array in arrays]
    one, two = collect(model, arrays, **QUIET), collect(model, named, **QUIET)
    assert all(np.array_equal(one[layer].counts, two[layer].counts) for layer in one.layers)


def test_a_stopped_collection_goes_on_where_it_was(model, arrays, monkeypatch):
    expected = collect(model, arrays, passes=2, **QUIET)
    run, calls = Network.run_values, []

    def run_until_stopped(self, inputs, blobs):
        calls.append(1)
        if len(calls) in (3, 9):
            raise KeyboardInterrupt
        return run(self, inputs, blobs)

    monkeypatch.setattr(Network, "run_values", run_until_stopped)
    with pytest.raises(Interrupted, match="ranges, 2 of 6 images"):
        collect(model, arrays, passes=2, **QUIET)
    with pytest.raises(Interrupted, match="histograms, 1 of 6 images"):
        collect(model, arrays, passes=2, **QUIET)
    stats = collect(model, arrays, passes=2, **QUIET)
    assert len(calls) == 12 + 2
    assert all(
        np.array_equal(stats[layer].counts, expected[layer].counts) for layer in stats.layers
    )


def test_what_is_counted_so_far_can_be_looked_at(model, arrays, monkeypatch):
    run, calls = Network.run_values, []

    def run_twice(self, inputs, blobs):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run(self, inputs, blobs)

    monkeypatch.setattr(Network, "run_values", run_twice)
    collector = Collector(model, arrays, passes=2)
    with pytest.raises(KeyboardInterrupt):
        collector.run(progress=False)
    assert collector.statistics.images == 2
    assert collector.statistics["conv1"].absmax == float(np.abs(arrays[:2]).max())
    assert str(collector.state) == "stopped in pass 1 of 2: ranges, 2 of 6 images done"
    assert collector.run(progress=False).images == 6


def test_nan_and_infinity_are_left_out_with_a_warning_that_names_the_layer(model_with, arrays):
    def overflow(layer, name, array):
        return array * np.float32(1e38) if layer in ("conv1", "dw") and name == "weight" else array

    with pytest.warns(WorkbenchWarning) as warned:
        stats = collect(model_with(overflow), arrays, **QUIET)
    assert any("layer fc: its input pool had" in str(warning.message) for warning in warned)
    assert all(np.isfinite(stats[layer].absmax) for layer in stats.layers)


# --- inputs that cannot be used ---


@EITHER
@pytest.mark.parametrize("mended", [False, True])
def test_an_unreadable_picture_stops_the_run_and_loses_nothing(
    model, pictures, monkeypatch, passes, mended
):
    broken = pictures / "3.webp"
    whole = broken.read_bytes()
    broken.write_bytes(b"RIFF")
    ran = counted_runs(monkeypatch)
    with pytest.raises(InputError, match=r"3\.webp"):
        collect(model, ImageFolder(pictures, shape=(8, 8, 3)), passes=passes, **QUIET)
    assert len(ran) == 3
    if mended:
        broken.write_bytes(whole)
    images = ImageFolder(pictures, shape=(8, 8, 3), skip_unreadable=True)
    with nullcontext() if mended else pytest.warns(WorkbenchWarning, match=r"3\.webp"):
        stats = collect(model, images, passes=passes, **QUIET)
    assert stats.images == 4 + mended
    assert len(ran) == passes * stats.images
    rest = [images[i] for i in range(5) if i != 3 or mended]
    assert_same(stats, collect(model, rest, passes=passes, **QUIET))


def test_a_file_that_changed_after_it_was_counted_is_counted_anew(model, pictures):
    (pictures / "4.ppm").write_bytes(b"P6 no")
    images = ImageFolder(pictures, shape=(8, 8, 3))
    with pytest.raises(InputError, match=r"4\.ppm"):
        collect(model, images, passes=1, **QUIET)
    for name in ("0.png", "4.ppm"):
        Image.fromarray(np.full((9, 9, 3), 7, np.uint8)).save(pictures / name)
    stats = collect(model, images, passes=1, **QUIET)
    assert_same(stats, collect(model, list(images), passes=1, **QUIET))


@EITHER
def test_an_unreadable_picture_can_be_left_out(model, pictures, passes):
    (pictures / "1.bmp").write_bytes(b"BM")
    images = ImageFolder(pictures, shape=(8, 8, 3), skip_unreadable=True)
    with pytest.warns(WorkbenchWarning, match=r"left out: .*1\.bmp"):
        stats = collect(model, images, passes=passes, **QUIET)
    assert stats.images == 4


def test_if_no_picture_is_readable_that_is_an_error(model, tmp_path):
    (tmp_path / "x.png").write_bytes(b"no")
    images = ImageFolder(tmp_path, shape=(8, 8, 3), skip_unreadable=True)
    with pytest.warns(WorkbenchWarning), pytest.raises(InputError, match="no readable input"):
        collect(model, images, **QUIET)


def test_no_inputs_are_an_error(model):
    with pytest.raises(InputError, match="no inputs"):
        collect(model, [], **QUIET)


def test_a_wrong_shape_is_refused_and_the_layer_named(model):
    with pytest.raises(GraphError, match="layer conv1"):
        collect(model, [np.zeros((500, 2, 2), np.float32)], **QUIET)


def test_an_input_of_another_shape_than_the_first_is_refused(model, arrays):
    strange = [arrays[0], np.zeros((500, 2, 2), np.float32)]
    with pytest.raises(GraphError, match="layer conv1"):
        collect(model, strange, **QUIET)


def test_one_array_for_two_inputs_is_an_error():
    text = (
        "7767517\n4 4\nInput a 0 1 a\nInput b 0 1 b\nBinaryOp add 2 1 a b sum 0=0\n"
        "InnerProduct fc 1 1 sum fc 0=1 2=1\n"
    )
    from workbench.formats.weights import Weight

    weight = Weight.of("weight", np.ones(1, np.float32), "float32")
    model = Model(parse_param(text), {"fc": (weight,)})
    with pytest.raises(InputError, match="2 inputs"):
        collect(model, [np.ones((1, 1, 1), np.float32)], **QUIET)


def test_a_network_without_layers_to_quantize_is_an_error():
    model = Model(parse_param("7767517\n2 2\nInput a 0 1 a\nReLU r 1 1 a b\n"), {})
    with pytest.raises(CalibrationError, match="nothing to quantize"):
        collect(model, [np.ones(1, np.float32)], **QUIET)


def test_progress_is_shown_by_images(model, arrays, capsys):
    collect(model, arrays, passes=2, progress=True)
    shown = capsys.readouterr().err
    assert "pass 2 of 2: histograms" in shown
    assert "6/6" in shown


def test_pictures_give_what_their_arrays_give(model, pictures):
    images = ImageFolder(pictures, shape=(8, 8, 3))
    from_files = collect(model, images, **QUIET)
    from_arrays = collect(model, list(images), **QUIET)
    assert np.array_equal(from_files["fc"].counts, from_arrays["fc"].counts)
    assert from_files.inputs == images.fingerprint


def test_the_same_picture_twice_counts_twice(model, tmp_path):
    Image.fromarray(np.full((8, 8, 3), 9, np.uint8)).save(tmp_path / "a.png")
    listing = tmp_path / "list.txt"
    listing.write_text("a.png\na.png\n")
    stats = collect(model, ImageFolder(listing, shape=(8, 8, 3)), **QUIET)
    assert stats["conv1"].total == 2 * 3 * 8 * 8


def test_a_network_that_is_int8_already_is_refused(model, arrays):
    stats = collect(model, arrays, **QUIET)
    int8 = int8_model(model, calibrate(model, stats))
    with pytest.raises(CalibrationError, match="layer conv1: it is int8 already"):
        collect(int8, arrays, **QUIET)


def test_a_picture_that_has_gone_may_be_left_out(model, pictures):
    images = ImageFolder(pictures, shape=(8, 8, 3), skip_unreadable=True)
    images.files[1].unlink()
    with pytest.warns(WorkbenchWarning, match=r"left out: .*1\.bmp"):
        assert collect(model, images, **QUIET).images == 4
    with pytest.raises(InputError, match=r"1\.bmp"):
        collect(model, replace(images, skip_unreadable=False), **QUIET)

from __future__ import annotations

import numpy as np
import pytest

from workbench.export.scale_rows import blob_scale_of, weight_scales_of
from workbench.formats.table_rows import Row


def weights(model, layer: str, words: str):
    row = Row(7, f"{layer}_param_0", tuple(words.split()))
    return weight_scales_of(row, model.graph.by_name[layer], model)


def blob(model, layer: str, words: str):
    return blob_scale_of(Row(7, layer, tuple(words.split())), model.graph.by_name[layer])


def fresh(model, layer: str, levels: int) -> np.ndarray:
    weight = model.weight(layer, "weight")
    channels = 4 if layer == "dw" else weight.shape[0]
    return np.float32(levels) / np.abs(weight.reshape(channels, -1)).max(1)


def test_sound_rows_are_read_as_they_stand(model):
    assert weights(model, "dw", "1.5 2 3e1 .25") == ((1.5, 2.0, 30.0, 0.25), ())
    assert blob(model, "dw", "12.5") == ((12.5,), ())


@pytest.mark.parametrize(
    ("layer", "words", "does"),
    [
        ("conv2", "1 2 3", "reads past the end of the row, and writes a .bin file that does not"),
        ("conv2", "1", "writes a .bin file that does not fit"),
        ("conv2", "1 2 3 4 5", "writes a .bin file that does not fit"),
        ("conv2", "", "writes a .bin file that does not fit"),
        ("dw", "1 2 3 4 5", "uses the first and ignores the others"),
    ],
)
def test_a_wrong_count_of_weight_scales_is_mended_from_the_weights(model, layer, words, does):
    scales, (finding,) = weights(model, layer, words)
    assert (finding.line, finding.row, finding.severity) == (7, f"{layer}_param_0", "error")
    assert f"has {len(words.split())} numbers, the layer needs 4" in finding.problem
    assert finding.ncnn_does.startswith(does)
    assert finding.fix == "Take the scales anew from the weights."
    np.testing.assert_array_equal(np.float32(scales), fresh(model, layer, 127))


def test_a_3x3_stride_1_convolution_gets_6_bit_scales(model):
    scales, _ = weights(model, "conv1", "")
    np.testing.assert_array_equal(np.float32(scales), fresh(model, "conv1", 31))


def test_words_after_enough_numbers_are_dropped(model):
    scales, (finding,) = weights(model, "conv2", "1 2 3 4 by hand")
    assert scales == (1, 2, 3, 4)
    assert finding.fix == "Delete what follows number 4."
    scale, (finding,) = blob(model, "conv2", "5 or so")
    assert scale == (5,)
    assert finding.fix == "Delete what follows number 1."


@pytest.mark.parametrize(
    ("word", "does"),
    [
        ("0", "makes the output of the channel its bias alone"),
        ("1e-50", "makes the output of the channel its bias alone"),
        ("inf", "makes the output of the channel its bias alone"),
        ("-NAN", "makes the output of the channel NaN"),
        ("-2", "takes -2 for it"),
        ("1,5", "takes 1 for it"),
        ("x", "takes the number before it once more"),
    ],
)
def test_a_broken_weight_scale_is_taken_anew(model, word, does):
    scales, (finding,) = weights(model, "dw", f"1 {word} 3 {word}")
    assert finding.severity == "error"
    assert f"has '{word}' where a positive number should stand" in finding.problem
    assert finding.problem.endswith("for output channel 1, 3")
    assert finding.ncnn_does == does
    new = fresh(model, "dw", 127)
    np.testing.assert_array_equal(np.float32(scales), [1, new[1], 3, new[3]])


def test_an_infinite_scale_of_a_dead_channel_is_only_a_warning(model_with):
    def kill(layer: str, name: str, array: np.ndarray) -> np.ndarray:
        if (layer, name) == ("conv2", "weight"):
            array[2] = 0
        return array

    scales, (finding,) = weights(model_with(kill), "conv2", "1 2 inf 4")
    assert scales == (1, 2, 1, 4)
    assert finding.severity == "warning"
    assert "infinite scale for output channel 2" in finding.problem


@pytest.mark.parametrize(
    ("word", "does"),
    [
        ("0", "makes the output of the layer NaN"),
        ("nan", "makes the output of the layer NaN"),
        ("inf", "makes the output of the layer its bias alone"),
        ("-3", "takes -3 for it"),
        ("x", "takes 1 for it"),
    ],
)
def test_a_broken_blob_scale_cannot_be_mended(model, word, does):
    scale, (finding,) = blob(model, "fc", word)
    assert scale == ()
    assert finding.severity == "error"
    assert f"row 'fc' has '{word}' where a positive number should stand" in finding.problem
    assert finding.ncnn_does == does
    assert "the layer stays float" in finding.fix


@pytest.mark.parametrize("words", ["", "1 2"])
def test_a_blob_has_one_scale(model, words):
    scale, (finding,) = blob(model, "fc", words)
    assert scale == ()
    assert "the layer needs 1" in finding.problem

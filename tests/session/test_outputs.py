from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import calibrate
from workbench.session.outputs import Answer, Pair, pairs_of
from workbench.simulation.simulator import simulate


def pair(expected, got):
    return Pair("out", np.array(expected, np.float32), np.array(got, np.float32))


@pytest.mark.parametrize("got", [[0.2, 0.8], [0.6, 0.4]])
def test_a_lone_vector_is_a_classifiers(got):
    answer = Answer((pair([0.3, 0.7], got),), True)
    assert answer.classes() is answer.pairs[0]
    assert answer.classes().are_shares
    assert answer.agrees() is (got[1] > got[0])


def test_before_a_probe_was_run_there_is_no_class_to_agree_on():
    assert Answer().classes() is None
    assert Answer().agrees() is None


def test_maps_and_several_outputs_are_no_classifiers():
    vector, image = pair([1, 2], [2, 1]), pair([[1, 2], [3, 4]], [[1, 2], [3, 4]])
    assert Answer((vector,), True).agrees() is False
    for pairs in ((image,), (vector, vector)):
        assert Answer(pairs, True).classes() is None
        assert Answer(pairs, True).agrees() is None


def test_of_several_outputs_one_is_named_to_hold_the_scores():
    vector = pair([1, 2], [2, 1])
    boxes = replace(vector, blob="boxes")
    answer = Answer((boxes, vector), True)
    assert answer.classes(vector.blob) is vector
    assert answer.agrees(vector.blob) is False
    assert answer.classes("none of that name") is None


def test_scores_in_channels_of_one_pixel_are_a_vector():
    assert pair([[[1]], [[2]]], [[[1]], [[2]]]).is_vector


def test_the_first_classes_of_both_are_listed_in_the_order_of_float():
    one = pair([0.5, 0.3, 0.1, 0.1], [0.1, 0.1, 0.2, 0.6])
    assert one.top(1) == (0, 3)
    assert one.top(2) == (0, 1, 3, 2)


def test_outputs_of_different_shapes_have_no_figures():
    one = pair([[1, 2]], [[1, 2], [3, 4]])
    assert not one.same_shape
    assert np.isnan([one.cosine, one.sqnr_db]).all()


def test_every_output_has_its_pair(two_headed, arrays):
    plan = calibrate(two_headed, collect(two_headed, arrays, progress=False))
    runs = [simulate(two_headed, plan, arrays[0], scheme) for scheme in ("float", "requantize")]
    pairs = pairs_of(*runs)
    assert [pair.blob for pair in pairs] == ["dw", "conv2"]
    assert all(20 < pair.sqnr_db < 60 for pair in pairs)

from __future__ import annotations

import pytest

from workbench.calibration.plan import LayerPlan, Plan
from workbench.errors import CalibrationError
from workbench.session import State
from workbench.session.ties import others, siblings, tied, untied_at_first

BLOBS = {"a": "x", "b": "x", "c": "y", "d": "x"}


def plan_of(*thresholds):
    names = zip(BLOBS, thresholds, strict=True)
    return Plan(tuple(LayerPlan(n, "Convolution", "kl", t, 8, (1.0,)) for n, t in names), "")


def test_siblings_read_one_blob():
    assert siblings(BLOBS, "b") == ("a", "b", "d")
    assert others(BLOBS, "b") == ("a", "d")


def test_one_that_is_untied_leaves_the_others_tied():
    state = State(plan_of(1.0, 1.0, 1.0, 1.0), frozenset({"b"}))
    assert tied(BLOBS, state, "a") == ("a", "d")
    assert tied(BLOBS, state, "b") == ("b",)


def test_siblings_start_untied_only_where_their_thresholds_differ():
    assert untied_at_first(BLOBS, plan_of(1.0, 1.0, 2.0, 1.0)) == frozenset()
    assert untied_at_first(BLOBS, plan_of(1.0, 1.0, 2.0, 3.0)) == {"a", "b", "d"}


def test_a_layer_alone_on_its_blob_is_named_with_it():
    with pytest.raises(CalibrationError, match="layer c: no other layer reads its input y"):
        others(BLOBS, "c")

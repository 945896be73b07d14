from __future__ import annotations

import pytest

from workbench.engine import trial, try_out
from workbench.errors import EngineError, GraphError
from workbench.formats.param import parse_param
from workbench.model import Model


def test_a_sound_network_survives_its_trial(model, monkeypatch):
    done = []
    judge = trial._judge
    monkeypatch.setattr(trial, "_judge", lambda child: done.append(child) or judge(child))
    trial._SURVIVED.clear()
    try_out(model, {"data": (3, 8, 8)})
    assert [child.returncode for child in done] == [0]


def test_a_network_is_tried_only_once_for_each_shape(model, monkeypatch):
    calls = []
    run_child = trial._run_child
    monkeypatch.setattr(trial, "_run_child", lambda job: calls.append(1) or run_child(job))
    trial._SURVIVED.clear()
    try_out(model, {"data": (3, 8, 8)})
    try_out(model, {"data": (3, 8, 8)})
    assert len(calls) == 1
    try_out(model, {"data": (3, 9, 9)})
    assert len(calls) == 2


def test_inputs_that_do_not_fit_the_weights_are_refused_before_anything_runs(model, monkeypatch):
    monkeypatch.setattr(trial, "_run_child", lambda job: pytest.fail("ran"))
    with pytest.raises(GraphError, match=r"layer conv1 .*200 channels, and its weights are for 3"):
        try_out(model, {"data": (200, 1, 1)})


def test_a_network_that_crashes_ncnn_is_refused_and_the_process_lives(model, monkeypatch):
    monkeypatch.setattr(trial, "blob_shapes", lambda *_: {})  # which would have found it
    with pytest.raises(EngineError, match="trial run: ncnn crashed"):
        try_out(model, {"data": (200, 1, 1)})


def test_a_network_of_an_unknown_layer_is_refused():
    text = "7767517\n2 2\nInput data 0 1 data\nMystery m 1 1 data out\n"
    with pytest.raises(EngineError, match=r"Mystery|could not run"):
        try_out(Model(parse_param(text), {}), {"data": (1, 4, 4)})


def test_a_network_that_wants_unbounded_memory_is_refused():
    text = (
        "7767517\n2 2\nInput data 0 1 data\n"
        "Padding pad 1 1 data out 0=60000 1=60000 2=60000 3=60000\n"
    )
    with pytest.raises(EngineError, match="trial run"):
        try_out(Model(parse_param(text), {}), {"data": (1, 4, 4)})


def test_a_network_that_does_not_end_is_refused(model, monkeypatch):
    trial._SURVIVED.clear()
    monkeypatch.setattr(trial, "TRIAL_SECONDS", 0.01)
    with pytest.raises(EngineError, match="did not finish"):
        try_out(model, {"data": (3, 8, 8)})

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.widgets.synthetic import synthetic_statistics
from workbench.calibration.collect import collect
from workbench.calibration.inputs import ImageFolder
from workbench.graph import Graph, Layer
from workbench.model import Model
from workbench.session import Session
from workbench.session.outputs import Pair
from workbench.widgets.output import OutputView, _rows


@pytest.fixture
def session(model, arrays):
    return Session(model, synthetic_statistics(model), probes=arrays[:3])


@pytest.fixture
def shown(session):
    """A maker of a view that has all that it waits for."""

    def make(**options):
        view = OutputView(session, **options)
        settle(view)
        return view

    return make


def settle(view):
    view.drain()
    view.errors.drain()
    view.drain()


def test_each_probe_has_its_card_and_picture(shown):
    view = shown()
    assert [card["state"] for card in view.cards.cards] == ["fresh"] * 3
    assert [one["name"] for one in view.cards.pictures] == ["probe 1", "probe 2", "probe 3"]
    assert all(one["source"].startswith("data:image/png") for one in view.cards.pictures)
    assert view.cards.state == "fresh"


def test_the_first_of_each_network_is_marked_and_told(shown):
    view = shown()
    for card, answer in zip(view.cards.cards, view.errors.report.answers.values(), strict=True):
        pair = answer.pairs[0]
        first, second = int(pair.expected.argmax()), int(pair.got.argmax())
        rows = {row["name"]: row for row in card["classes"]}
        assert rows[f"class {first}"]["expected"]["first"]
        assert rows[f"class {second}"]["got"]["first"]
        assert card["agrees"] is (first == second)
        assert f"class {first}" in card["verdict"]
        assert f"class {second}" in card["verdict"]


def test_classes_have_the_names_that_are_given(shown, tmp_path):
    names = ["<ant>", "bee", "cat", "dog", "elk"]
    file = tmp_path / "names.txt"
    file.write_text("\n".join(names))
    for labels in (names, file):
        view = shown(labels=labels)
        assert {row["name"] for row in view.cards.cards[0]["classes"]} == set(names)
    assert any(
        row["name"] == "class 4" for row in shown(labels=names[:4]).cards.cards[0]["classes"]
    )


def test_names_that_cannot_be_read_are_said_and_numbers_do(shown):
    view = shown(labels="nothing.txt")
    assert "names of the classes cannot be read" in view.notice.value
    assert view.cards.cards[0]["classes"][0]["name"].startswith("class ")


def test_bars_begin_at_zero_and_end_at_the_value(shown):
    for row in shown().cards.cards[0]["classes"]:
        for net in ("expected", "got"):
            left, width = row[net]["bar"]
            assert left == 0
            assert 0 <= width <= 1


def test_bars_of_scores_begin_at_zero_too_and_a_missing_number_has_none():
    scores = np.array([-1, 3, np.nan, np.inf], np.float32)
    rows = {row["name"]: row["got"] for row in _rows(Pair("out", scores, scores), ())}
    assert rows["class 0"]["bar"] == [0, 0.25]
    assert rows["class 1"]["bar"] == [0.25, 0.75]
    assert rows["class 2"]["bar"] == rows["class 3"]["bar"] == [0.25, 0]


def test_it_follows_the_plan(session, shown):
    view = shown()
    before = view.cards.cards
    session.set_threshold("fc", 0.5)
    settle(view)
    assert view.cards.state == "fresh"
    assert view.cards.cards != before


def test_what_is_refined_is_said_to_be(session, shown, monkeypatch):
    view = shown()
    monkeypatch.setattr(type(view.errors), "_guarded", lambda self: None)  # nothing is refined
    session.set_threshold("fc", 0.5)
    settle(view)
    assert view.cards.state == "refining"
    assert [card["state"] for card in view.cards.cards] == ["refining"] * 3


def test_a_sleeping_view_is_drawn_when_it_wakes(session, shown):
    view = shown()
    view.asleep = True
    before = view.cards.cards
    session.set_threshold("fc", 0.5)
    settle(view)
    assert view.cards.cards is before
    view.asleep = False
    settle(view)
    assert view.cards.state == "fresh"
    assert view.cards.cards != before


def test_other_outputs_are_pictured(two_headed, arrays):
    statistics = collect(two_headed, arrays, progress=False)
    view = OutputView(Session(two_headed, statistics, probes=arrays[:1]))
    settle(view)
    (card,) = view.cards.cards
    assert card["agrees"] is None
    assert [output["name"] for output in card["outputs"]] == ["dw", "conv2"]
    for output in card["outputs"]:
        assert "SQNR" in output["says"]
        height, width = output["shape"]
        for part in ("expected", "got", "difference"):
            assert len(output[part]) == 4 * height * width


def test_pictures_come_from_their_files_and_are_not_large(model, pictures):
    images = ImageFolder(pictures, shape=(400, 300, 3))
    view = OutputView(Session(model, synthetic_statistics(model), probes=images[:1]))
    settle(view)
    (one,) = view.cards.pictures
    assert one["name"] == "0.png"
    decoded = Image.open(io.BytesIO(base64.b64decode(one["source"].split(",")[1])))
    assert decoded.size == (256, 192)


def test_without_probes_it_says_what_to_do(model):
    view = OutputView(Session(model, synthetic_statistics(model)))
    settle(view)
    assert "probes=images[:4]" in view.notice.value
    assert view.cards.cards == []


def test_a_failure_is_said_on_the_page(model):
    probes = [np.zeros((2, 2), np.float32)]
    view = OutputView(Session(model, synthetic_statistics(model), probes=probes))
    settle(view)
    assert "wb-wrong" in view.notice.value
    assert view.cards.state == "failed"


def test_a_closed_view_no_longer_follows(session, shown):
    view = shown()
    before = view.cards.cards
    view.close()
    session.set_threshold("fc", 0.5)
    settle(view)
    assert view.cards.cards is before


def test_the_scores_are_those_of_the_output_that_is_chosen(model, arrays):
    *before, softmax = model.graph.layers
    (fc,) = softmax.bottoms
    heads = (
        Layer("Split", "heads", (fc,), ("a", "b"), {}),
        Layer("Softmax", "prob", ("a",), ("prob",), dict(softmax.params)),
        Layer("ReLU", "other", ("b",), ("other",), {}),
    )
    split = Model(Graph((*before, *heads)), model.weights)
    statistics = collect(split, arrays, progress=False)
    view = OutputView(Session(split, statistics, probes=arrays[:1]))
    settle(view)
    assert view.cards.cards[0]["classes"] == []
    view.accuracy.output.value = "prob"
    settle(view)
    (card,) = view.cards.cards
    assert len(card["classes"]) > 1
    assert card["agrees"] is not None
    assert ["shape" in output for output in card["outputs"]] == [False, True]

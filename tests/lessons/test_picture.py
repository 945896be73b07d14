from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import plotly.graph_objects as go
import pytest

from workbench.lessons import Picture, film
from workbench.lessons.colours import COLOURS
from workbench.lessons.picture import MIME
from workbench.widgets.look import LOOKS


def picture():
    return Picture("A line", "x", "y").line(np.arange(5), np.arange(5.0), "line")


def bundle(shown):
    return json.loads(json.dumps(shown._repr_mimebundle_()))


def test_no_picture_offers_to_upload_its_data():
    config = bundle(picture())[MIME]["config"]
    assert config["showSendToCloud"] is False
    assert "sendChartToCloud" in config["modeBarButtonsToRemove"]
    assert bundle(film({"a": picture(), "b": picture()}))[MIME]["config"] == config


def test_a_picture_is_what_plotly_reads():
    drawn = bundle(picture().mark(1, "here").level(2, "there").note(1, 1, "a point"))[MIME]
    go.Figure({"data": drawn["data"], "layout": drawn["layout"]})
    assert {"here", "there", "a point"} == {n["text"] for n in drawn["layout"]["annotations"]}


def test_arrays_are_kept_short():
    drawn = bundle(Picture("t").line(np.arange(1000), np.random.default_rng(0).random(1000)))[MIME]
    assert drawn["data"][0]["y"]["dtype"] == "f4"
    assert drawn["data"][0]["x"]["dtype"] in ("i2", "i4")
    assert len(json.dumps(drawn)) < 14_000


def test_numbers_beyond_int32_stay_what_they_are():
    drawn = bundle(Picture("t").points([0, 1], [2**40, 2**40 + 1]))[MIME]
    assert drawn["data"][0]["y"] == [2**40, 2**40 + 1]


def test_a_legend_appears_with_the_second_name():
    one = picture()
    assert not bundle(one)[MIME]["layout"]["showlegend"]
    assert bundle(one.points([1], [1], "point"))[MIME]["layout"]["showlegend"]


def test_squares_need_no_legend():
    drawn = Picture("t").grid([[1, -2]], "level", numbers=True).grid([[3, 4]], "level")
    assert not bundle(drawn)[MIME]["layout"]["showlegend"]
    assert (drawn.figure.data[0].zmin, drawn.figure.data[0].zmax) == (-2, 2)


def test_the_last_bin_of_a_histogram_has_its_width():
    trace = Picture("t").steps([0, 1, 2, 3], [5, 6, 7]).figure.data[0]
    assert list(trace.x) == [0, 1, 2, 3]
    assert list(trace.y) == [5, 6, 7, 7]


def test_texts_stand_at_their_place_on_a_logarithmic_axis():
    drawn = Picture("t", log_x=True, log_y=True).line([1, 100], [1, 100])
    layout = drawn.mark(10, "ten").level(100, "hundred").note(100, 10, "point").figure.layout
    places = {note.text: (note.x, note.y) for note in layout.annotations}
    assert places["ten"][0] == 1
    assert places["hundred"][1] == 2
    assert places["point"] == (2, 1)
    assert layout.shapes[0].x0 == 10


def test_panels_stand_side_by_side():
    drawn = Picture("t", panels=("left", "right")).line([1], [1]).line([1], [2], panel=1)
    assert [trace.xaxis for trace in drawn.figure.data] == ["x", "x2"]


def test_a_film_holds_every_picture():
    frames = {str(k): picture().mark(k, f"at {k}") for k in range(4)}
    drawn = bundle(film(frames, "k: "))[MIME]
    assert [frame["name"] for frame in drawn["frames"]] == ["0", "1", "2", "3"]
    assert drawn["frames"][2]["layout"]["annotations"][0]["text"] == "at 2"
    assert [step["label"] for step in drawn["layout"]["sliders"][0]["steps"]] == list(frames)


def test_the_colours_are_the_pages():
    assert {look.colour for look in LOOKS.values()} <= set(COLOURS)
    assert COLOURS["blue"] == "#0072b2"


def test_an_unknown_colour_is_refused():
    with pytest.raises(ValueError, match="color"):
        picture().line([1], [1], colour="no such colour")


def test_a_saved_lesson_needs_no_tool_of_the_authors():
    code = "import workbench.lessons, sys; print('kaleido' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"

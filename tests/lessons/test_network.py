from __future__ import annotations

from workbench.graph import Graph, Layer
from workbench.lessons import network


def texts(picture):
    return [note.text for note in picture.figure.layout.annotations]


def test_every_layer_has_a_box_with_its_name_and_type(model):
    picture = network(model.graph, "All")
    boxes = [shape for shape in picture.figure.layout.shapes if shape.type == "rect"]
    assert len(boxes) == len(model.graph.layers)
    for layer in model.graph.layers:
        assert f"<b>{layer.name}</b><br>{layer.type}" in texts(picture)


def test_every_blob_that_is_read_has_a_line(model):
    lines = [s for s in network(model.graph, "All").figure.layout.shapes if s.type == "path"]
    assert len(lines) == sum(len(layer.bottoms) for layer in model.graph.layers)


def test_a_layer_can_be_coloured_and_told_about(model):
    picture = network(
        model.graph,
        "One",
        colours={"conv1": "orange"},
        labels={"conv1": "6 bits"},
        notes={"conv1": "a < b"},
        blobs={"conv1": "scale 3"},
    )
    orange = [s for s in picture.figure.layout.shapes if s.line.color == "#e69f00"]
    assert len(orange) == 1
    assert "<b>conv1</b><br>6 bits" in texts(picture)
    assert "scale 3" in texts(picture)
    assert any("a &lt; b" in tip for tip in picture.figure.data[0].text)


def test_names_are_escaped():
    graph = Graph((Layer("Input", "<b>x</b>", (), ("<i>",)),))
    picture = network(graph, "Names")
    assert "<b>&lt;b&gt;x&lt;/b&gt;</b><br>Input" in texts(picture)
    assert "&lt;i&gt;" in picture.figure.data[0].text[0]

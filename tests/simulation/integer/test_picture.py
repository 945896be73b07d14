from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.simulation.integer.conftest import conv, graph_of
from workbench.samples import sample, samples
from workbench.simulation.integer.picture import COLOURS, kind_of, picture
from workbench.simulation.integer.propagation import Propagation, propagate
from workbench.simulation.integer.wishes import Rules

SVG = "{http://www.w3.org/2000/svg}"


def residual() -> Propagation:
    graph = graph_of(
        "Input data 0 1 data 0=8 1=8 2=4",
        conv("conv0", "data"),
        "Split s 1 2 conv0 a b",
        conv("<conv&1>", "a"),
        "BinaryOp add 2 1 b <conv&1> add 0=0",
        conv("conv2", "add"),
        "Softmax prob 1 1 conv2 prob",
    )
    scales = {"conv0": 50.0, "<conv&1>": 20.0, "conv2": 12.0}
    return propagate(graph, scales, Rules(wishes_count=True))


def boxes(svg: str) -> list[tuple[float, float, float, float, str]]:
    found = []
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        for rect in group.findall(f"{SVG}rect"):
            sizes = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
            found.append((*sizes, rect.attrib["fill"]))
    return found


def test_each_layer_is_a_box_of_its_colour_with_its_name():
    found = residual()
    svg = picture(found)
    colours = [fill for *_, fill in boxes(svg)]
    kinds = [kind_of(found, name) for name in found.layers]
    assert kinds == ["float", "int8", "rescaled", "int8", "int8", "int8", "float"]
    assert colours == [COLOURS[kind][0] for kind in kinds]
    words = [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert {"conv0", "<conv&1>", "add", "Softmax, float"} <= set(words)


def test_an_addition_that_brings_scales_together_is_marked():
    found = propagate(residual().graph, {"conv0": 50.0, "<conv&1>": 20.0, "conv2": 12.0})
    assert kind_of(found, "s") == "int8"
    assert kind_of(found, "add") == "rescaled"


def test_every_line_says_what_it_carries():
    titles = [
        title.text or ""
        for title in ElementTree.fromstring(picture(residual())).iter(f"{SVG}title")
    ]
    assert any("derived from conv0 by a factor; add reads it int8" in title for title in titles)
    assert any("it is fed from outside" in title for title in titles)


@pytest.mark.parametrize("name", sorted(samples()))
def test_no_two_boxes_overlap_and_all_are_within_the_picture(name):
    model = sample(name).load()
    svg = picture(propagate(model.graph, {layer.name: 10.0 for layer in model.quantizable}))
    left, top, wide, high = map(float, ElementTree.fromstring(svg).attrib["viewBox"].split())
    found = boxes(svg)
    assert len(found) == len(model.graph.layers)
    for i, (x, y, w, h, _) in enumerate(found):
        assert left <= x
        assert x + w <= left + wide
        assert top <= y
        assert y + h <= top + high
        for u, v, *_ in found[:i]:
            assert abs(x - u) >= w or abs(y - v) >= h


def test_a_notebook_shows_the_picture():
    assert residual()._repr_svg_().startswith("<svg")

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.simulation.integer.conftest import plan_of
from workbench.errors import InputError
from workbench.simulation.integer.tables import VARIANTS, scheme_table

FEW = {name: VARIANTS[name] for name in ("requantize", "full int8, E >> F", "full int8, modern")}


def test_a_row_for_each_way_says_how_far_it_is_from_float(model, arrays):
    plan = plan_of(model, arrays)
    table = scheme_table(model, plan, arrays, [0] * 6, progress=False)
    assert [row.name for row in table] == list(VARIANTS)
    assert all(0.9 < row.metrics.cosine <= 1 for row in table)
    assert table.images == 6
    assert table.blob == "prob"
    rounded, floored = table["full int8, 31 bits"], table["full int8, E >> F"]
    assert rounded.metrics.angle_degrees < floored.metrics.angle_degrees
    assert all(row.top1 is not None and 0 <= row.agreement <= 1 for row in table)


def test_it_prints_and_shows_one_line_for_each_way(model, arrays):
    plan = plan_of(model, arrays)
    table = scheme_table(model, plan, arrays, blob="fc", variants=FEW, progress=False)
    lines = str(table).splitlines()
    assert lines[0] == "blob fc against float, 6 images"
    assert [line[:30].strip() for line in lines[2:]] == list(FEW)
    html = ElementTree.fromstring(table._repr_html_())
    assert len(html.findall("tbody/tr")) == len(FEW)
    assert html.findtext("tbody/tr[2]/th") == "full int8, E >> F"
    assert table["requantize"].top1 is None


def test_labels_blobs_and_outputs_that_do_not_fit_are_an_error(model, arrays):
    plan = plan_of(model, arrays)
    with pytest.raises(InputError, match="6 inputs and 2 labels"):
        scheme_table(model, plan, arrays, [1, 2], progress=False)
    with pytest.raises(InputError, match="0 inputs and no labels"):
        scheme_table(model, plan, [], progress=False)
    with pytest.raises(InputError, match="no blob 'nothing'"):
        scheme_table(model, plan, arrays, blob="nothing", progress=False)

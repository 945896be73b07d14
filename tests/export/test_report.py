from __future__ import annotations

import re
from dataclasses import replace

import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import calibrate
from workbench.export.report import html_report
from workbench.simulation.compare import compare


@pytest.fixture
def comparison(model, arrays):
    plan = calibrate(model, collect(model, arrays, progress=False))
    return compare(model, plan, arrays[:2], progress=False)


def test_the_report_is_one_file_without_scripts_or_links(comparison):
    page = html_report([comparison], "tiny")
    assert not re.search(r"<script|<link|https?:|src=|url\(", page)


def test_every_layer_stands_in_the_table_and_in_the_drawings(comparison):
    page = html_report([comparison], "tiny")
    for row in comparison:
        assert page.count(f">{row.layer}<") == (3 if row.causes else 2)


def test_names_cannot_inject_markup(comparison):
    hostile = "<script>alert('1')</script>"
    rows = tuple(replace(row, layer=hostile, type=hostile) for row in comparison.rows)
    page = html_report([replace(comparison, rows=rows)], hostile)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 2 * len(rows)


def test_a_layer_that_does_not_differ_is_called_exact(model, arrays):
    plan = calibrate(model, collect(model, arrays, progress=False))
    page = html_report([compare(model, plan, arrays[:1], "float", progress=False)], "tiny")
    assert page.count(">exact<") >= 7

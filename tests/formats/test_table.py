from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import FormatError
from workbench.formats.table import Table, format_table, parse_table, read_table, write_table

TABLE = Table({"conv": (1.5, 2000.25), "fc": (3.0,)}, {"conv": (63.5,), "fc": (12.25,)})


def test_the_text_is_as_ncnns_tool_writes_it():
    assert format_table(TABLE) == (
        "conv_param_0 1.500000 2000.250000 \nfc_param_0 3.000000 \nconv 63.500000 \nfc 12.250000 \n"
    )


def test_what_is_written_comes_back(tmp_path):
    write_table(TABLE, tmp_path / "m.table")
    assert read_table(tmp_path / "m.table") == TABLE


scales = st.floats(min_value=2.0**-100, max_value=1e9, width=32)


@given(st.lists(scales, min_size=1, max_size=5), scales)
def test_no_scale_loses_more_than_a_millionth(weights, blob):
    back = parse_table(format_table(Table({"a": tuple(weights)}, {"a": (blob,)})))
    np.testing.assert_allclose(back.weights["a"], weights, rtol=1e-6)
    np.testing.assert_allclose(back.blobs["a"], [blob], rtol=1e-6)


def test_comments_and_blank_lines_are_no_rows():
    table = parse_table("\n# conv_param_0 1.0\n#conv 2.0\nfc 3.0\n\n")
    assert dict(table.blobs) == {"fc": (3.0,)}
    assert not table.weights
    assert dict(table.lines) == {"fc": 4}


@pytest.mark.parametrize("word", ["inf", "-1.0", "0", "nan", "x", "1e999"])
def test_a_row_with_something_else_than_positive_numbers_is_named(word):
    with pytest.raises(FormatError, match=r"m\.table:2: row 'fc' has"):
        parse_table(f"conv 1.0\nfc {word}\n", "m.table")


def test_a_row_without_numbers_or_given_twice_is_named():
    with pytest.raises(FormatError, match=r":1: row 'fc' has no numbers"):
        parse_table("fc \n")
    with pytest.raises(FormatError, match=r":3: row 'fc' stands already on line 1"):
        parse_table("fc 1\n\nfc 2\n")


@given(st.text())
def test_any_text_gives_a_table_or_a_clear_error(text):
    try:
        parse_table(text, "m.table")
    except FormatError as error:
        assert str(error).startswith("m.table:")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(FormatError, match="none"):
        read_table(tmp_path / "none")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(FormatError, match="binary"):
        read_table(tmp_path / "binary")

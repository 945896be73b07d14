from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import FormatError
from workbench.formats.table import Table, format_table, read_text, write_table
from workbench.formats.table_rows import parse_scale, scan_table

TABLE = Table({"conv": (1.5, 2000.25), "fc": (3.0,)}, {"conv": (63.5,), "fc": (12.25,)})


def numbers(text: str) -> dict[str, tuple[float, ...]]:
    return {row.name: tuple(map(parse_scale, row.words)) for row in scan_table(text).rows.values()}


def test_the_text_is_as_ncnns_tool_writes_it():
    assert format_table(TABLE) == (
        "conv_param_0 1.500000 2000.250000 \nfc_param_0 3.000000 \nconv 63.500000 \nfc 12.250000 \n"
    )


def test_what_is_written_comes_back(tmp_path):
    write_table(TABLE, tmp_path / "m.table")
    assert numbers(read_text(tmp_path / "m.table")) == {
        "conv_param_0": (1.5, 2000.25),
        "fc_param_0": (3.0,),
        "conv": (63.5,),
        "fc": (12.25,),
    }


scales = st.floats(min_value=2.0**-99, max_value=1e9, width=32)


@given(st.lists(scales, min_size=1, max_size=5), scales)
def test_no_scale_loses_more_than_a_millionth(weights, blob):
    back = numbers(format_table(Table({"a": tuple(weights)}, {"a": (blob,)})))
    np.testing.assert_allclose(back["a_param_0"], weights, rtol=1e-6)
    np.testing.assert_allclose(back["a"], [blob], rtol=1e-6)


@given(st.integers(1, 10**10))
def test_six_decimals_come_back_as_the_same_text(millionths):
    text = f"a {millionths / 10**6:.6f} \n"
    scale = float(np.float32(numbers(text)["a"][0]))
    if scale < 8:  # beyond, a float32 has fewer than six decimals
        assert format_table(Table({}, {"a": (scale,)})) == text
    again = numbers(format_table(Table({}, {"a": (scale,)})))["a"][0]
    assert np.float32(again) == np.float32(scale)


def test_a_scale_below_one_has_more_decimals_if_it_needs_them():
    assert format_table(Table({}, {"a": (0.25,)})) == "a 0.250000 \n"
    assert format_table(Table({}, {"a": (float(np.float32(0.01)) / 3,)})) == "a 0.003333333 \n"


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(FormatError, match="none"):
        read_text(tmp_path / "none")
    with pytest.raises(FormatError, match="ordinary file"):
        read_text(tmp_path)


def test_a_byte_that_is_no_text_is_named_with_its_line(tmp_path):
    (tmp_path / "binary").write_bytes(b"conv 1.0\n\xff\xfe\xfd")
    with pytest.raises(FormatError, match="binary:2: byte 0xff is not UTF-8"):
        read_text(tmp_path / "binary")

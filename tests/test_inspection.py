from __future__ import annotations

import pytest

from workbench.errors import FormatError
from workbench.inspection import describe
from workbench.model import save_model


def test_a_network_without_its_weights_is_described_by_its_links(tmp_path, model):
    save_model(model, tmp_path / "m.param", tmp_path / "m.bin")
    text = describe(tmp_path / "m.param")
    assert "dw conv2 -> concat" in text
    assert "9 layers, 10 blobs; inputs: data; outputs: prob" in text


def test_unknown_layer_types_are_named(tmp_path):
    (tmp_path / "m.param").write_text("7767517\n2 2\nInput a 0 1 a\nMystery m 1 1 a b\n")
    assert "does not know: Mystery" in describe(tmp_path / "m.param")


def test_weights_that_do_not_belong_to_it_are_an_error(tmp_path, model):
    save_model(model, tmp_path / "m.param", tmp_path / "m.bin")
    (tmp_path / "m.bin").write_bytes((tmp_path / "m.bin").read_bytes()[:-4])
    with pytest.raises(FormatError, match=r"m\.bin"):
        describe(tmp_path / "m.param", tmp_path / "m.bin")

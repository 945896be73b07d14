from __future__ import annotations

import contextlib

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.statistics import load_statistics, save_statistics
from workbench.errors import FormatError


@pytest.fixture
def stats(model, arrays):
    return collect(model, arrays, progress=False)


def test_what_is_saved_comes_back(tmp_path, stats):
    save_statistics(stats, tmp_path / "s.npz")
    back = load_statistics(tmp_path / "s.npz")
    assert dict(back.layers) == dict(stats.layers)
    assert list(back.layers) == list(stats.layers)
    assert (back.images, back.model_sha256) == (stats.images, stats.model_sha256)
    assert dict(back.nonfinite) == dict(stats.nonfinite)
    for layer in stats.layers:
        assert np.array_equal(back[layer].counts, stats[layer].counts)
        assert back[layer].absmax == stats[layer].absmax
        assert back[layer].zeros == stats[layer].zeros
        assert back[layer].blob_size == stats[layer].blob_size


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FormatError, match=r"none\.npz"):
        load_statistics(tmp_path / "none.npz")


def test_a_damaged_file_is_an_error_wherever_it_is_damaged(tmp_path, stats):
    path = tmp_path / "s.npz"
    save_statistics(stats, path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        broken = bytearray(whole)
        broken[rng.integers(len(broken))] ^= 0xFF
        path.write_bytes(bytes(broken[: rng.integers(1, len(broken) + 1)]))
        with contextlib.suppress(FormatError):
            load_statistics(path)


@pytest.mark.parametrize(
    "change",
    [
        {"meta": np.array("{}")},
        {"meta": np.array("[]")},
        {"meta": np.array("no json")},
        {"counts": np.zeros(3, np.int64)},
        {"counts": -np.ones((4, 2048), np.int64)},
        {"absmax": np.full(4, np.inf, np.float32)},
        {"zeros": np.zeros(2, np.int64)},
        {"zeros": np.array([None] * 4)},
    ],
)
def test_a_file_that_contradicts_itself_is_an_error(tmp_path, stats, change):
    path = tmp_path / "s.npz"
    save_statistics(stats, path)
    with np.load(path) as file:
        arrays = dict(file) | change
    with path.open("wb") as stream:
        np.savez(stream, allow_pickle=True, **arrays)
    with pytest.raises(FormatError, match="statistics"):
        load_statistics(path)

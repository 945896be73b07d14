"""The command run in this process, in a folder with a small network and its inputs."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from workbench import cli
from workbench.model import save_model


@pytest.fixture
def files(tmp_path, model, arrays):
    save_model(model, tmp_path / "m.param", tmp_path / "m.bin")
    (tmp_path / "npy").mkdir()
    for number, array in enumerate(arrays):
        np.save(tmp_path / "npy" / f"{number}.npy", array)
    return tmp_path


@pytest.fixture
def run(files, monkeypatch, capsys):
    monkeypatch.chdir(files)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["workbench", *words])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return call

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from workbench import cli, lab
from workbench.model import save_model
from workbench.samples import bundled


def test_the_notebooks_are_copied_once_and_never_overwritten(tmp_path):
    names = {path.name for path in lab.copy_notebooks(tmp_path / "mine")}
    assert lab.START in names
    assert names == {path.name for path in bundled("notebooks").glob("*.ipynb")}
    (tmp_path / "mine" / lab.START).write_text("edited by me")
    assert lab.copy_notebooks(tmp_path / "mine") == []
    assert (tmp_path / "mine" / lab.START).read_text() == "edited by me"


def test_a_notebook_for_ones_own_network_starts_with_its_files(tmp_path):
    choices = {"PARAM": "a.param", "SETTINGS": {"shape": (8, 8, 3)}}
    first = lab.notebook_for(tmp_path, "a", choices)
    second = lab.notebook_for(tmp_path, "a", choices)
    assert (first.name, second.name) == ("a.ipynb", "a-2.ipynb")
    cells = json.loads(first.read_text())["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    assert "PARAM = 'a.param'\nSETTINGS = {'shape': (8, 8, 3)}" in sources


@pytest.fixture
def calls(monkeypatch):
    seen: list[list[str]] = []
    monkeypatch.setattr(subprocess, "call", lambda command, cwd: seen.append([*command, str(cwd)]))
    return seen


def test_the_server_starts_without_nagles_delay(tmp_path, calls):
    lab.open_lab(tmp_path / "x.ipynb", port=9999, browser=False)
    assert calls[0][:3] == [sys.executable, "-m", "jupyterlab"]
    assert "--LabApp.default_url=/lab/tree/x.ipynb" in calls[0]
    assert "--no-browser" in calls[0]
    assert "--ServerApp.port=9999" in calls[0]
    option = next(word for word in calls[0] if "websocket_connection_class" in word)
    module, _, name = option.partition("=")[2].rpartition(".")
    assert (module, name) == ("workbench.server", "PromptConnection")


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_only_root_is_allowed_to_be_root(tmp_path, calls, monkeypatch, user, allowed):
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    lab.open_lab(tmp_path / "x.ipynb")
    assert ("--allow-root" in calls[0]) == allowed


def test_lab_on_ones_own_network_checks_its_files_first(
    tmp_path, model, pictures, calls, monkeypatch
):

    save_model(model, tmp_path / "m.param", tmp_path / "m.bin")
    words = ["lab", "m.param", "m.bin", str(pictures), "--folder", "mine", "--mean", "1,2,3"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["workbench", *words])
    with pytest.raises(SystemExit):
        cli.main()
    cells = json.loads((tmp_path / "mine" / "m.ipynb").read_text())["cells"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    found: dict[str, object] = {}
    exec("".join(tagged[0]["source"]), found)
    assert found["PARAM"] == str(tmp_path / "m.param")
    assert found["SETTINGS"]["shape"] == (8, 8, 3)
    assert found["SETTINGS"]["mean"] == (1.0, 2.0, 3.0)
    assert "--LabApp.default_url=/lab/tree/m.ipynb" in calls[0]

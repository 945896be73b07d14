from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench import cli, lab
from workbench.model import load_model, save_model
from workbench.samples import bundled
from workbench.session import Session


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
    monkeypatch.setattr(lab, "_run", lambda command, folder: seen.append(command))
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


@pytest.mark.parametrize(
    "option", ["news_url=None", "NeverCheckForUpdate", "extension_manager=readonly"]
)
def test_jupyterlab_asks_nothing_of_the_internet(tmp_path, calls, option):
    lab.open_lab(tmp_path / "x.ipynb")
    assert any(word.startswith("--LabApp.") and word.endswith(option) for word in calls[0])


@pytest.fixture
def app(tmp_path, monkeypatch):
    """Run `workbench lab --app ...`; return what Voila would have been given."""
    given: dict[str, dict] = {}

    def served(command, folder):
        for name in ("app.ipynb", "voila.json"):
            given[name] = json.loads((folder / name).read_text(encoding="utf-8"))
        return 0

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["workbench", "lab", "--app", "--no-browser", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, given

    monkeypatch.setattr(lab, "_run", served)
    monkeypatch.setattr(lab, "find_spec", lambda name: name)
    monkeypatch.chdir(tmp_path)
    return run


@pytest.fixture
def own(tmp_path, model, pictures):
    save_model(model, tmp_path / "m.param", tmp_path / "m.bin")
    return "m.param", "m.bin", str(pictures)


def test_the_application_is_a_notebook_of_the_page_alone(app, own, tmp_path, capsys):
    status, given = app(*own, "--mean", "1,2,3", "--limit", "3")
    assert status == 0
    (cell,) = given["app.ipynb"]["cells"]
    found: dict[str, object] = {}
    exec(cell["source"].replace("Workbench(", "session = ("), found)
    session = found["session"]
    assert Path.cwd() == tmp_path / "workbench-notebooks"
    assert session.path == tmp_path / "workbench-notebooks" / "m.session"
    assert session.stats.images == 3
    assert len(session.probes) == 4
    assert session.probes.reader.mean == (1.0, 2.0, 3.0)
    server = given["voila.json"]["Voila"]
    assert server["token"] in capsys.readouterr().out
    assert server["kernel_websocket_connection_class"] == "workbench.server.PromptConnection"
    policy = server["tornado_settings"]["headers"]["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'")


def test_our_settings_stand_before_the_users_own(monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "their own")
    found = lab.environment()
    ours, theirs = found["JUPYTER_PATH"].split(os.pathsep)
    assert theirs == "their own"
    assert (Path(ours) / "voila" / "templates" / "workbench" / "index.html.j2").is_file()
    settings = Path(found["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0]) / "labconfig"
    disabled = json.loads((settings / "page_config.json").read_text())["disabledExtensions"]
    assert disabled["@jupyterlab/apputils-extension:announcements"]
    assert disabled["@jupyterlab/application-extension:faviconbusy"]


SERVE = """
import sys
from pathlib import Path
from workbench import lab
code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
sys.exit(lab._run([sys.executable, "-c", code], Path()))
"""


def test_the_server_ends_with_the_command():
    command = subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True)
    with command:
        server = int(command.stdout.readline())
        command.terminate()
        assert command.wait(20) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_the_application_goes_on_where_it_was(app, own, tmp_path):
    app(*own)
    model = load_model("m.param", "m.bin")
    place = tmp_path / "workbench-notebooks" / "m.session"
    Session.open(place, model).set_threshold("fc", 2.5)
    before = place.read_bytes()
    app(*own)
    assert place.read_bytes() == before


def test_without_voila_the_command_says_what_to_install(app, own, monkeypatch, capsys):
    monkeypatch.setattr(lab, "find_spec", lambda name: None)
    status, _ = app(*own)
    assert status == 1
    said = capsys.readouterr().err
    assert "pip install 'int8-workbench[app]'" in said


def test_a_port_that_is_taken_is_passed_over():
    with socket.socket() as other:
        other.bind(("localhost", 0))
        taken = other.getsockname()[1]
        assert lab._free_port(taken) > taken


def test_the_browser_is_opened_when_the_server_answers(monkeypatch):
    opened = []
    monkeypatch.setattr(lab.webbrowser, "open", opened.append)
    with socket.create_server(("localhost", 0)) as server:
        lab._open_soon(server.getsockname()[1], "address")
    assert opened == ["address"]


def test_a_network_that_cannot_be_opened_copies_nothing(tmp_path, monkeypatch, calls, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["workbench", "lab", "no.param", "no.bin", "no"])
    with pytest.raises(SystemExit):
        cli.main()
    assert "no.param" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_notebook_for_tensors_reads_them(tmp_path, monkeypatch, model, arrays, calls):
    monkeypatch.chdir(tmp_path)
    save_model(model, "m.param", "m.bin")
    (tmp_path / "npy").mkdir()
    np.save(tmp_path / "npy" / "0.npy", arrays[0])
    monkeypatch.setattr(sys, "argv", ["workbench", "lab", "m.param", "m.bin", "npy"])
    with pytest.raises(SystemExit):
        cli.main()
    cells = json.loads((tmp_path / "workbench-notebooks" / "m.ipynb").read_text())["cells"]
    given = next(text for cell in cells if "INPUTS = " in (text := "".join(cell["source"])))
    assert f"INPUTS = {str(tmp_path / 'npy')!r}\nSETTINGS = {{}}" in given

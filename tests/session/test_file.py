from __future__ import annotations

import io
import json
import os
import pickle
import warnings
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import tiny
from tests.widgets.synthetic import synthetic_statistics
from workbench.calibration.inputs import ImageFolder
from workbench.errors import CalibrationError, FormatError, WorkbenchError, WorkbenchWarning
from workbench.session import Session
from workbench.session.decisions import SAVER

NAMES = ("session.json", "weight_scales.npy", "statistics.npz")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "work.session"


@pytest.fixture
def session(model, path):
    return busy(Session(model, synthetic_statistics(model), path=path))


def busy(session):
    """Something of everything that a file keeps."""
    session.set_threshold("conv1", 0.123456789)
    session.snapshot("early")
    session.set_method("aciq")
    session.untie("dw")
    session.set_bits("fc", 6)
    session.keep_float("conv2")
    session.undo()
    session.select("conv2")
    return session


def is_as_it_was(back, session):
    assert back.plan == session.plan
    assert (back.selected, back.untied, back.log) == (
        session.selected,
        session.untied,
        session.log,
    )
    assert back.steps == session.steps
    assert dict(back.snapshots) == dict(session.snapshots)
    assert (back.can_undo, back.can_redo) == (session.can_undo, session.can_redo)
    for layer in session.layers:
        assert np.array_equal(back.histogram(layer).counts, session.histogram(layer).counts)
        assert back.reading(layer) == session.reading(layer)


def rewritten(path, **parts):
    """Replace parts of a session file by their names without the ending."""
    with zipfile.ZipFile(path) as archive:
        old = {name: archive.read(name) for name in NAMES}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in old.items():
            archive.writestr(name, parts.get(name.split(".")[0], content))


def meta_of(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("session.json"))


def test_a_session_opened_again_is_as_it_was(model, session, path):
    back = Session.open(path, model)
    is_as_it_was(back, session)
    back.save(path.with_name("other.session"))
    for each in (session, back):
        each.redo()
        each.restore("early")
        each.undo()
        each.undo()
        each.undo()
    is_as_it_was(back, session)


@pytest.mark.parametrize(
    "command",
    [
        lambda session: session.set_threshold("fc", 2.5),
        lambda session: session.set_method("mse"),
        lambda session: session.set_bits("fc", 8),
        lambda session: session.keep_float("fc"),
        lambda session: session.tie("dw"),
        lambda session: session.undo(),
        lambda session: session.redo(),
        lambda session: session.snapshot("late"),
        lambda session: session.forget("early"),
        lambda session: session.restore("early"),
        lambda session: session.select("fc"),
    ],
)
def test_it_is_saved_after_each_command(model, session, path, command):
    before = path.read_bytes()
    command(session)
    assert path.read_bytes() != before
    is_as_it_was(Session.open(path, model), session)


def test_an_opened_session_goes_on_saving_itself(model, session, path):
    back = Session.open(path, model)
    back.set_threshold("fc", 7.5)
    assert Session.open(path, model).plan["fc"].threshold == 7.5


def test_a_drag_is_saved_when_it_rests(model, session, path):
    for step in range(1, 30):
        session.set_threshold("fc", step / 10, gesture="drag")
    is_as_it_was(Session.open(path, model), session)


def test_what_is_there_already_is_not_overwritten(model, session, path):
    before = path.read_bytes()
    with pytest.raises(CalibrationError, match=r"work\.session.*Session\.open"):
        Session(model, session.stats, path=path)
    assert path.read_bytes() == before


def test_it_can_be_saved_elsewhere_and_goes_on_there(model, session, path, tmp_path):
    before = path.read_bytes()
    session.save(tmp_path / "other.session")
    session.set_threshold("fc", 7.5)
    assert path.read_bytes() == before
    is_as_it_was(Session.open(tmp_path / "other.session", model), session)


def test_a_folder_that_is_gone_is_said_and_the_change_is_made(session, tmp_path):
    session.path = tmp_path / "gone" / "work.session"
    with pytest.raises(WorkbenchError, match=r"gone.*could not be saved"):
        session.set_threshold("fc", 7.5)
    assert session.plan["fc"].threshold == 7.5


def test_a_drag_that_cannot_be_saved_is_not_forgotten(session, path, tmp_path, caplog):
    session.path = tmp_path / "gone" / "work.session"
    session.set_threshold("fc", 7.5, gesture="drag")
    SAVER.drain()
    assert "could not be saved" in session.unsaved
    session.path = path
    session.set_threshold("fc", 7.25, gesture="drag")
    SAVER.drain()
    assert session.unsaved == ""


def test_a_session_of_another_network_is_refused_in_words(model_with, session, path):
    other = model_with(lambda layer, name, array: array * 2)
    with pytest.raises(CalibrationError, match=r"work\.session: .*another network"):
        Session.open(path, other)


def test_a_session_that_another_has_overtaken_overwrites_nothing(model, session, path):
    back = Session.open(path, model)
    back.set_threshold("fc", 7.5)
    after = path.read_bytes()
    with pytest.raises(CalibrationError, match=r"work\.session: another session was saved here"):
        session.set_threshold("fc", 2.5)
    assert session.plan["fc"].threshold == 2.5
    assert path.read_bytes() == after
    session.save(path)  # asked for by name
    is_as_it_was(Session.open(path, model), session)


def test_a_session_resumes_what_is_there_or_begins(model, tmp_path):
    place = tmp_path / "new" / "folder" / "work.session"
    first = busy(Session.resume(place, model, synthetic_statistics(model)))
    back = Session.resume(place, model, lambda: pytest.fail("counted again"))
    is_as_it_was(back, first)


def test_statistics_are_counted_only_for_a_new_session(model, path):
    session = Session.resume(path, model, lambda: synthetic_statistics(model))
    assert session.path == path
    assert session.log == ()


@pytest.mark.parametrize("damaged", [False, True])
def test_resuming_never_replaces_what_cannot_be_opened(model_with, session, path, damaged):
    other = model_with(lambda layer, name, array: array * 2)
    if damaged:
        path.write_bytes(b"my own notes")
    before = path.read_bytes()
    with pytest.raises((CalibrationError, FormatError), match=r"work\.session"):
        Session.resume(path, other, synthetic_statistics(other))
    assert path.read_bytes() == before


def test_resuming_with_other_inputs_goes_on_with_the_old_and_says_so(model, session, path):
    other = replace(synthetic_statistics(model), inputs="others")
    with pytest.warns(WorkbenchWarning, match=r"work\.session: goes on with the 6 inputs"):
        back = Session.resume(path, model, other)
    is_as_it_was(back, session)


def test_a_folder_that_cannot_be_made_is_named(model, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WorkbenchError, match=r"file.*cannot be made"):
        Session.resume(tmp_path / "file" / "a.session", model, synthetic_statistics(model))


def test_a_missing_file_is_named(model, tmp_path):
    with pytest.raises(FormatError, match=r"none\.session"):
        Session.open(tmp_path / "none.session", model)


def test_probes_with_another_preprocessing_are_warned_of(model, path, pictures):
    probes = ImageFolder(pictures, shape=(8, 8, 3))
    session = Session(model, synthetic_statistics(model), probes=probes[:2], path=path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Session.open(path, model, probes=probes[2:3])
        Session.open(path, model).select("fc")  # which saves it without probes
    with pytest.warns(WorkbenchWarning, match="preprocessed otherwise"):
        back = Session.open(path, model, ImageFolder(pictures, shape=(8, 8, 3), norm=(2, 2, 2)))
    assert back.plan == session.plan


def test_nothing_in_a_file_is_run(model, session, path, tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    array = io.BytesIO()
    np.save(array, np.array([Trap()], object), allow_pickle=True)
    for content in (array.getvalue(), pickle.dumps(Trap())):
        for part in ("weight_scales", "statistics", "session"):
            session.save(path)
            rewritten(path, **{part: content})
            with pytest.raises(FormatError, match=r"work\.session"):
                Session.open(path, model)
    assert not (tmp_path / "sprung").exists()


def set_in(meta, keys, value):
    for key in keys[:-1]:
        meta = meta[key]
    meta[keys[-1]] = value


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (["kind"], "something else"),
        (["version"], 2),
        (["inputs"], "others"),
        (["preprocessing"], 1),
        (["scale_counts"], [1]),
        (["scale_counts", 0], -1),
        (["scale_counts", 0], 2**62),
        (["decisions", 0, 0], "nowhere"),
        (["decisions", 0, 1], "magic"),
        (["decisions", 0, 2], float("nan")),
        (["decisions", 0, 2], float("inf")),
        (["decisions", 0, 2], -1.0),
        (["decisions", 0, 2], "1"),
        (["decisions", 0, 3], 7),
        (["decisions", 0, 3], True),
        (["decisions", 0, 4], 99),
        (["decisions", 0, 5], 1),
        (["decisions", 0], []),
        (["steps"], []),
        (["steps", 0, "words"], None),
        (["steps", 0, "decisions"], [0]),
        (["steps", 0, "decisions", 0], 1),
        (["steps", 0, "decisions", 0], 10**9),
        (["steps", 0, "untied"], ["nowhere"]),
        (["at"], -1),
        (["at"], 99),
        (["selected"], "nowhere"),
        (["snapshots"], []),
        (["snapshots", "early"], None),
    ],
)
def test_a_file_that_contradicts_itself_is_an_error_that_names_it(
    model, session, path, keys, value
):
    meta = meta_of(path)
    set_in(meta, keys, value)
    rewritten(path, session=json.dumps(meta))
    with pytest.raises(FormatError, match=r"work\.session"):
        Session.open(path, model)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b"1" * 9_999])
def test_decisions_that_are_no_such_json_are_an_error(model, session, path, content):
    rewritten(path, session=content)
    with pytest.raises(FormatError, match=r"work\.session"):
        Session.open(path, model)


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_impossible_weight_scales_are_an_error(model, session, path, value):
    with zipfile.ZipFile(path) as archive:
        scales = np.load(io.BytesIO(archive.read("weight_scales.npy")))
    scales[-1] = value
    array = io.BytesIO()
    np.save(array, scales)
    rewritten(path, weight_scales=array.getvalue())
    with pytest.raises(FormatError, match="weight scale"):
        Session.open(path, model)


@pytest.mark.parametrize(
    "change",
    [
        {"counts": np.zeros((3, 7), np.int64)},
        {"counts": np.full((3, 2048), 2**62, np.int64)},
        {"counts": np.full((3, 2048), np.nan)},
        {"zeros": np.full(3, -1, np.int64)},
        {"blob_size": np.full(3, -1, np.int64)},
        {"nonfinite": np.full(3, -1, np.int64)},
        {"absmax": np.full(3, -1, np.float32)},
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_impossible_statistics_are_an_error(model, session, path, change):
    with zipfile.ZipFile(path) as archive, np.load(io.BytesIO(archive.read(NAMES[2]))) as old:
        arrays = dict(old) | change
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    rewritten(path, statistics=packed.getvalue())
    with pytest.raises(FormatError, match=r"work\.session"):
        Session.open(path, model)


def test_a_file_that_unpacks_to_too_much_is_refused_before_it_does(model, session, path):
    zeros = b"\0" * (1 << 24)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"{number}.npy", zeros)
    rewritten(path, statistics=bomb.getvalue())
    with pytest.raises(FormatError, match="unpacks to too much"):
        Session.open(path, model)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A small network and the bytes of a session on it."""
    path, model = tmp_path_factory.mktemp("session") / "whole.session", tiny()
    session = busy(Session(model, synthetic_statistics(model), path=path))
    return model, session, path.read_bytes(), path.with_name("damaged.session")


@given(
    cut=st.none() | st.floats(0, 1),
    places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4),
)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_damaged_file_is_an_error_or_still_the_same_session(whole, cut, places):
    model, session, content, path = whole
    damaged = bytearray(content if cut is None else content[: int(cut * len(content))])
    for place, value in places if damaged else ():
        damaged[min(int(place * len(damaged)), len(damaged) - 1)] = value
    path.write_bytes(bytes(damaged))
    try:
        back = Session.open(path, model)
    except FormatError as error:
        assert "damaged.session" in str(error)
    else:
        is_as_it_was(back, session)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(data=st.data(), value=JSON)
@settings(max_examples=150, deadline=None)
def test_hostile_decisions_are_an_error_or_make_a_session(whole, data, value):
    model, _, content, path = whole
    path.write_bytes(content)
    meta = meta_of(path)
    keys, inner = [], meta
    while isinstance(inner, dict | list) and inner and (not keys or data.draw(st.booleans())):
        choices = sorted(inner) if isinstance(inner, dict) else range(len(inner))
        keys.append(data.draw(st.sampled_from(choices)))
        inner = inner[keys[-1]]
    set_in(meta, keys, value)
    rewritten(path, session=json.dumps(meta))
    try:
        back = Session.open(path, model)
    except FormatError as error:
        assert "damaged.session" in str(error)
    except CalibrationError as error:
        assert "another network" in str(error)
    else:
        back.undo()
        assert back.plan.layers

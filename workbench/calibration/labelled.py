"""Labelled sets on disk: inputs with the class of each, and the names of classes.

A set is a folder with a subfolder for each class, or a folder with a file `labels.txt`, or such
a file itself (see `read_labels`; it then labels the files below its own folder).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.calibration.inputs import PICTURES, TENSORS, FileInputs, Item, find_files
from workbench.calibration.labels import read_labels
from workbench.calibration.readers import Reader, TensorReader
from workbench.errors import FormatError, InputError

LABELS = "labels.txt"


@dataclass(frozen=True)
class Labelled:
    """Inputs, and the class of each.

    Attributes:
        inputs: images or tensors.
        labels: indexes into the network's class scores, one for each input.
        order: names of the subfolders, if they are classes 0, 1, 2 ... in the order of their
            names only; else empty.

    Raises:
        InputError: there are none, or not as many labels as inputs.
    """

    inputs: Sequence[Item]
    labels: tuple[int, ...]
    order: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.labels) or not self.labels:
            raise InputError(f"there are {len(self.inputs)} inputs and {len(self.labels)} labels")


def read_labelled(path: str | Path, reader: Reader, names: Sequence[str] = ()) -> Labelled:
    """Find the inputs of a labelled set; each is read when it is asked for.

    Args:
        path: the folder, or the file of labels.
        reader: how a file becomes an input.
        names: what the classes are called. Subfolders are classes by such a name, or by their
            number; if they are neither, they are the classes in the order of their names.

    Raises:
        InputError: nothing is there, or an input has no label.
        FormatError: the file of labels is damaged.
    """
    place = Path(path).expanduser()
    kinds = TENSORS if isinstance(reader, TensorReader) else PICTURES
    written = place if place.is_file() else place / LABELS
    folder = place.parent if place.is_file() else place
    files = find_files(folder, kinds)
    if written.is_file():
        return Labelled(FileInputs(files, reader), tuple(read_labels(written, files)))
    if loose := [file for file in files if file.parent == folder]:
        raise InputError(
            f"{loose[0].name!r} has no label",
            where=str(folder),
            advice=f"Put each class into a subfolder, or write a file {LABELS}: on each line a "
            "file name, a blank, the number of its class.",
        )
    folders = sorted({file.relative_to(folder).parts[0] for file in files})
    classes, order = _classes(folders, names)
    labels = tuple(classes[file.relative_to(folder).parts[0]] for file in files)
    return Labelled(FileInputs(files, reader), labels, order)


def _classes(
    folders: Sequence[str], names: Sequence[str]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """The class of each subfolder; and the subfolders, if only their order tells."""
    known = {name: number for number, name in reversed(tuple(enumerate(names)))}
    if known.keys() >= set(folders):
        return {name: known[name] for name in folders}, ()
    if all(name.isascii() and name.isdigit() for name in folders):
        return {name: int(name) for name in folders}, ()
    return {name: number for number, name in enumerate(folders)}, tuple(folders)


def class_names(names: Sequence[str] | str | Path) -> tuple[str, ...]:
    """Return names of classes as they are given, or read them from a text file, one a line.

    Raises:
        FormatError: the file cannot be read.
    """
    if not isinstance(names, str | Path):
        return tuple(map(str, names))
    try:
        lines = Path(names).expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(
            f"the names of the classes cannot be read ({error})",
            where=str(names),
            advice="Give a text file with one name on each line, or a list of names.",
        ) from error
    return tuple(line.strip() for line in lines)

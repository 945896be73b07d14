"""Labels of images: a text file with `FILE LABEL` on each line, FILE without its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.errors import FormatError, InputError


def read_labels(path: str | Path, files: Sequence[Path]) -> list[int]:
    """Read the label of each file, in the order of the files.

    Args:
        path: the text file; it may hold labels of other files too.
        files: what is to be labelled; only their names count.

    Raises:
        FormatError: a line is not a name and a whole number not below 0, or a name stands twice.
        InputError: a file has no label.
    """
    known: dict[str, int] = {}
    for number, line in enumerate(_text(Path(path)).splitlines(), 1):
        if not line.strip():
            continue
        name, _, label = line.strip().rpartition(" ")
        if not (name and label.isascii() and label.isdigit()) or name.strip() in known:
            raise FormatError(
                f"{line.strip()!r} is not a new file name and its label",
                where=f"{path}:{number}",
                advice="Write one line for each image: its file name, a blank, a whole number.",
            )
        known[name.strip()] = int(label)
    for file in files:
        if file.name not in known:
            raise InputError(f"there is no label for {file.name!r}", where=str(path))
    return [known[file.name] for file in files]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"cannot be read ({error})", where=str(path)) from error

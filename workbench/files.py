"""Files: written so that nobody sees a half, and archives read as if they might be damaged."""

from __future__ import annotations

import struct
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import FormatError, WorkbenchError

_OF_DAMAGE = (
    *(OSError, EOFError, LookupError, TypeError, ValueError, OverflowError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)
"""What the readers of zip files, arrays and JSON raise on a damaged file."""


def make_folder(path: str | Path) -> None:
    """Make a folder, and those it lies in, unless it exists.

    Raises:
        WorkbenchError: it cannot be made.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkbenchError(
            f"this folder cannot be made ({error.strerror})",
            where=str(path),
            advice="Choose another place.",
        ) from error


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Turn what the system says against writing a file into an error that names it.

    Raises:
        WorkbenchError: the block could not write it.
    """
    try:
        yield
    except OSError as error:
        raise WorkbenchError(
            f"the file cannot be written ({error.strerror or error})",
            where=str(path),
            advice="Check the folder, its permissions and the room on the disk.",
        ) from error


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, and move it into place when the block succeeds.

    A link is followed. What is no file, such as a pipe or a device, is written as it is.

    Raises:
        WorkbenchError: the folder does not exist, or it or the file cannot be written.
    """
    target = Path(path)
    with writing(path):
        if _is_special(target):
            yield target
            return
        if target.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        target = target.resolve()
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
        try:
            yield temporary
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def _is_special(path: Path) -> bool:
    """Whether it is a pipe or a device; /dev/stdout is, whatever it leads to."""
    device = path.absolute().parent == Path("/dev")
    return path.exists() and not path.is_dir() and (device or not path.is_file())


def write_text(path: str | Path, text: str, encoding: str = "utf-8") -> None:
    """Write a text file as `replacing` does, each line ending in one byte."""
    with replacing(path) as part:
        part.write_text(text, encoding=encoding, newline="\n")


Seen = tuple[int, int, int]


def seen_at(path: str | Path) -> Seen | None:
    """What tells one writing of a file from another; None if nothing is there."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def reading(path: str | Path, what: str, advice: str) -> Iterator[None]:
    """Turn whatever a damaged file makes its readers raise into one error that names the file.

    Args:
        path: the file.
        what: what it should have been, with its article.
        advice: what to do, as one sentence.

    Raises:
        FormatError: the block could not read the file.
    """
    try:
        yield
    except _OF_DAMAGE as error:
        raise FormatError(f"not {what} ({error})", where=str(path), advice=advice) from error

"""Files: written so that nobody sees a half, and archives read as if they might be damaged."""

from __future__ import annotations

import struct
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import FormatError

_OF_DAMAGE = (
    *(OSError, EOFError, LookupError, TypeError, ValueError, OverflowError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)
"""What the readers of zip files, arrays and JSON raise on a damaged file."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, and move it into place when the block succeeds.

    Raises:
        OSError: the folder does not exist or cannot be written.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


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

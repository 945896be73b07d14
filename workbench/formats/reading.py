"""Reading a whole file whose size is checked first."""

from __future__ import annotations

import os
from pathlib import Path

from workbench.errors import FormatError


def read_bytes(path: str | Path, most: int) -> bytes:
    """Return the bytes of an ordinary file.

    Args:
        path: the file.
        most: the greatest size that is read, in bytes.

    Raises:
        FormatError: there is no such file, it is a folder or a device, it may not be read, or
            it is larger than `most`.
    """
    file = Path(path)
    try:
        if file.exists() and not file.is_file():
            raise FormatError("this is not an ordinary file", where=str(file))
        with file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > most:
                problem = f"the file has {size} bytes, and more than {most} are not read"
                raise FormatError(problem, where=str(file))
            return stream.read()
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror or error})"
        raise FormatError(problem, where=str(file), advice="Check the path.") from error
    except MemoryError as error:
        raise FormatError("the file does not fit in memory", where=str(file)) from error
    except ValueError as error:
        raise FormatError(f"this is no path ({error})", where=repr(str(file))) from error

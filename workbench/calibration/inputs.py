"""What a network is calibrated on: pictures through ncnn's own resize, or .npy tensors.

Inputs are sequences whose items are arrays (one input blob), or mappings from each input
blob to its array (`MultiInput`). A slice is again inputs: `images[:4]` are four probe images.
Any other sequence of arrays or mappings can stand where inputs are asked for.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self, overload

from workbench.calibration.readers import Array, PictureReader, Reader, TensorReader
from workbench.errors import InputError, WorkbenchWarning
from workbench.files import seen_at

Item = Array | Mapping[str, Array]

PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
TENSORS = frozenset({".npy"})
MOST_LIST_BYTES = 1 << 28


@dataclass(frozen=True)
class FileInputs(Sequence[Array]):
    """Input arrays read from files, one at a time, each time they are asked for.

    Attributes:
        files: the files, in the order in which they are used.
        reader: how a file becomes an array.
        skip_unreadable: leave out what cannot be read, with a warning, instead of stopping.
    """

    files: tuple[Path, ...]
    reader: Reader
    skip_unreadable: bool = False

    def __len__(self) -> int:
        return len(self.files)

    @overload
    def __getitem__(self, index: int) -> Array: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Array | Self:
        if isinstance(index, slice):
            return replace(self, files=self.files[index])
        return self.reader.read(self.files[index])

    def readable(self, index: int) -> bool:
        """Try one file; False, with a warning, if it cannot be read and may be skipped.

        Raises:
            InputError: it cannot be read, and `skip_unreadable` is off.
        """
        if (problem := self.problem(index)) is None:
            return True
        if not self.skip_unreadable:
            raise problem
        warnings.warn(f"left out: {problem}", WorkbenchWarning, stacklevel=2)
        return False

    def problem(self, index: int) -> InputError | None:
        """Return why one file cannot be read; None if it can."""
        try:
            self.reader.read(self.files[index])
        except InputError as error:
            return error
        return None

    def refusal(self, index: int) -> InputError | None:
        """Return what `readable` would raise, without a warning."""
        return None if self.skip_unreadable else self.problem(index)

    def keep(self, indexes: Sequence[int]) -> Self:
        """Return only the files at these positions."""
        return replace(self, files=tuple(self.files[index] for index in indexes))

    @property
    def fingerprint(self) -> str:
        """sha256 over the reader's settings and each file's name and size."""
        lines = [repr(self.reader), *(f"{path.name} {size_of(path)}" for path in self.files)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def size_of(path: Path) -> int | str:
    """Bytes of a file; a word if it has gone, of which its reader will speak."""
    seen = seen_at(path)
    return seen[1] if seen else "missing"


@dataclass(frozen=True)
class MultiInput(Sequence[Mapping[str, Array]]):
    """Several input blobs side by side: item i holds item i of each part.

    Attributes:
        parts: the files of each input blob, all of one length.

    Raises:
        InputError: there are no parts, or they have different lengths.
    """

    parts: Mapping[str, FileInputs]

    def __post_init__(self) -> None:
        if len({len(part) for part in self.parts.values()}) != 1:
            lengths = ", ".join(f"{name}: {len(part)}" for name, part in self.parts.items())
            raise InputError(f"each input blob needs the same number of files ({lengths})")

    def __len__(self) -> int:
        return len(next(iter(self.parts.values())))

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Array]: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Mapping[str, Array] | Self:
        if isinstance(index, slice):
            return replace(self, parts={name: part[index] for name, part in self.parts.items()})
        return {name: part[index] for name, part in self.parts.items()}

    def readable(self, index: int) -> bool:
        """Whether file `index` of every part can be read. See `FileInputs.readable`."""
        readable = [part.readable(index) for part in self.parts.values()]  # each warns for itself
        return all(readable)

    def refusal(self, index: int) -> InputError | None:
        """Return what `readable` would raise, without a warning."""
        return next(filter(None, (part.refusal(index) for part in self.parts.values())), None)

    def keep(self, indexes: Sequence[int]) -> Self:
        """Return only the items at these positions."""
        return replace(self, parts={name: p.keep(indexes) for name, p in self.parts.items()})

    @property
    def fingerprint(self) -> str:
        """sha256 over each blob's name and the fingerprint of its files."""
        lines = [f"{name} {part.fingerprint}" for name, part in self.parts.items()]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def ImageFolder(
    path: str | Path,
    *,
    shape: Sequence[int],
    mean: Sequence[float] = (),
    norm: Sequence[float] = (),
    pixel: str = "BGR",
    skip_unreadable: bool = False,
) -> FileInputs:
    """All pictures below a folder, sorted by path; or those that a text file lists, one a line.

    Args:
        path: a folder, or a text file whose paths are relative to it or to the current folder.
        shape, mean, norm, pixel: see `PictureReader`.
        skip_unreadable: see `FileInputs`.

    Raises:
        InputError: nothing is there, there are no pictures, or a setting is wrong.
    """
    reader = PictureReader(tuple(shape), tuple(mean), tuple(norm), pixel)  # type: ignore[arg-type]
    return FileInputs(find_files(Path(path), PICTURES, skip_unreadable), reader, skip_unreadable)


def TensorFolder(path: str | Path, *, skip_unreadable: bool = False) -> FileInputs:
    """All .npy files below a folder, sorted by path; or one file; or those that a file lists.

    Raises:
        InputError: nothing is there, or there are no .npy files.
    """
    return FileInputs(
        find_files(Path(path), TENSORS, skip_unreadable), TensorReader(), skip_unreadable
    )


def holds_tensors(path: Path) -> bool:
    """Tell .npy inputs from pictures: a .npy file, or a folder or a list of such.

    Raises:
        InputError: there are both.
    """
    if path.is_dir():
        files: Iterable[Path] = path.rglob("*")
    elif path.is_file() and path.suffix.lower() not in PICTURES | TENSORS:
        files = _listed(path, missing=True)
    else:
        files = [path]
    found = {file.suffix.lower() for file in files}
    if found & TENSORS and found & PICTURES:
        raise InputError(
            "there are pictures and .npy arrays here",
            where=str(path),
            advice="Give a folder, or a list, of one kind.",
        )
    return bool(found & TENSORS)


def find_files(path: Path, suffixes: frozenset[str], missing: bool = False) -> tuple[Path, ...]:
    """List the files of some kinds below a folder, or in a list file, or the file itself.

    Args:
        path: what to look at.
        suffixes: in small letters.
        missing: a file in a list may be missing; its reader will say so.
    """
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.suffix.lower() in suffixes)
    elif path.suffix.lower() in suffixes and path.is_file():
        files = [path]
    elif path.is_file():
        files = _listed(path, missing)
    else:
        raise InputError("there is no such file or folder", where=str(path))
    if not files:
        kinds = " ".join(sorted(suffixes))
        raise InputError("no files to read here", where=str(path), advice=f"Looked for {kinds}.")
    return tuple(files)


def _listed(path: Path, missing: bool) -> list[Path]:
    try:
        if path.stat().st_size > MOST_LIST_BYTES:
            raise ValueError("too large")
        lines = path.read_text(encoding="utf-8").splitlines()
    except ValueError as error:  # a UnicodeDecodeError is one
        raise InputError(
            "neither a folder nor a text file with one path a line", where=str(path)
        ) from error
    entries = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    return [_resolve(path, number, entry, missing) for number, entry in entries]


def _resolve(list_file: Path, number: int, entry: str, missing: bool) -> Path:
    for candidate in (list_file.parent / entry, Path(entry)):
        if candidate.is_file():
            return candidate
    if missing:
        return Path(entry)
    raise InputError(f"there is no file {entry[:200]!r}", where=f"{list_file}:{number}")

"""Where a command writes: looked at before the work begins, so that none is done in vain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import click


def check_outputs(outputs: Mapping[str, Path | None], inputs: Iterable[Path | None]) -> None:
    """Refuse files that cannot be written, or that are read, or are written twice.

    Args:
        outputs: each file that will be written, if it was asked for, by its option.
        inputs: the files that are read.

    Raises:
        click.UsageError: says which option is to be changed.
    """
    taken = {path.resolve(): "what is read" for path in inputs if path and path.is_file()}
    for option, path in outputs.items():
        if path is None or path.is_char_device() or path.is_fifo():
            continue
        if path.is_dir():
            raise click.UsageError(f"{option}: {path} is a folder. Name a file in it.")
        if not path.absolute().parent.is_dir():
            raise click.UsageError(f"{option}: there is no folder {path.parent}. Make it first.")
        if path.resolve() in taken:
            what = taken[path.resolve()]
            raise click.UsageError(f"{option}: {path} is {what}. Name another file.")
        taken[path.resolve()] = f"what {option} writes"

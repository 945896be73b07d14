"""How commands are told which inputs to read, and how."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from workbench.calibration.inputs import (
    FileInputs,
    ImageFolder,
    MultiInput,
    TensorFolder,
    holds_tensors,
)
from workbench.calibration.readers import TensorReader
from workbench.errors import InputError, WorkbenchWarning
from workbench.model import Model
from workbench.ops import values

FILE = click.Path(path_type=Path)


class Numbers(click.ParamType[Any]):
    """Numbers separated by commas, as `104,117,123`."""

    name = "a,b,c"

    def __init__(self, kind: Callable[[str], float]) -> None:
        self.kind = kind

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float, ...]:
        """Split at the commas; a value that is a tuple already is a default."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(self.kind(part) for part in value.strip("[]").split(","))
        except ValueError:
            self.fail(f"{value!r} is not a list of numbers such as 104,117,123", param, ctx)


def input_options(command: Any) -> Any:
    """Add the options that say how inputs are read."""
    options = (
        click.option(
            "--shape",
            type=Numbers(int),
            metavar="W,H,C",
            help="Size of the input blob. Default: what the network's Input layer says.",
        ),
        click.option("--mean", type=Numbers(float), default=(), help="Subtracted from pixels."),
        click.option("--norm", type=Numbers(float), default=(), help="Multiplied afterwards."),
        click.option(
            "--pixel",
            type=click.Choice(["BGR", "RGB", "GRAY"], case_sensitive=False),
            help="Channel order that the network wants. Default: BGR, GRAY for one channel.",
        ),
        click.option("--limit", type=click.IntRange(1), help="Use only the first N inputs."),
        click.option(
            "--skip-unreadable",
            is_flag=True,
            help="Leave out files that cannot be read, with a warning, instead of stopping.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def warn_unused(settings: Mapping[str, Any], why: str) -> None:
    """Say of options about INPUTS that they were given in vain."""
    if given := [name for name, value in settings.items() if value]:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        text = f"with {why}, {names} has no effect"
        warnings.warn(text, WorkbenchWarning, stacklevel=2)


def open_inputs(model: Model, inputs: str, settings: dict[str, Any]) -> FileInputs | MultiInput:
    """Find out what INPUTS names: one folder or list, or BLOB=PATH for each of several inputs."""
    if "=" not in inputs or Path(inputs).exists():
        if len(names := model.graph.inputs) > 1:
            raise click.UsageError(
                f"The network has several inputs: give INPUTS as "
                f"{','.join(f'{name}=PATH' for name in names)}."
            )
        found = _open_files(model, model.graph.inputs[0], Path(inputs), settings)
        _warn_of_tensors([found], settings)
        return found
    pairs = [part.partition("=")[::2] for part in inputs.split(",")]
    parts = {blob: _open_files(model, blob, Path(path), settings) for blob, path in pairs}
    _warn_of_tensors(parts.values(), settings)
    return MultiInput(parts)


def _warn_of_tensors(parts: Iterable[FileInputs], settings: Mapping[str, Any]) -> None:
    if all(isinstance(part.reader, TensorReader) for part in parts):
        warn_unused({name: settings[name] for name in ("shape", "mean", "norm", "pixel")}, ".npy")


def _open_files(model: Model, blob: str, path: Path, settings: dict[str, Any]) -> FileInputs:
    if holds_tensors(path):
        return TensorFolder(path, skip_unreadable=settings["skip_unreadable"])
    shape = settings["shape"] or _declared_shape(model, blob)
    pixel = settings["pixel"] or ("GRAY" if shape[2:] == (1,) else "BGR")
    return ImageFolder(path, **settings | {"shape": shape, "pixel": pixel})


def _declared_shape(model: Model, blob: str) -> tuple[int, int, int]:
    if blob not in model.graph.inputs:
        names = ", ".join(model.graph.inputs)
        raise InputError(f"the network has no input blob {blob!r}", advice=f"It has: {names}.")
    given = values(model.graph.producers[blob])
    shape = (int(given["w"]), int(given["h"]), int(given["c"]))
    if min(shape) < 1:
        raise InputError(
            "the network's Input layer does not say its size",
            where=f"input blob {blob}",
            advice="Give --shape W,H,C.",
        )
    return shape

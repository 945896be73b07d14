"""One family of errors. Each says what was wrong, where, and what to do about it."""

from __future__ import annotations


class WorkbenchError(Exception):
    """Base of every error that the workbench raises on purpose.

    Args:
        problem: what was wrong, as a clause without a full stop.
        where: file and line, layer, or blob: the place to look at.
        advice: what to do, as one sentence.
    """

    def __init__(self, problem: str, *, where: str = "", advice: str = "") -> None:
        self.problem = problem
        self.where = where
        self.advice = advice
        place = f"{where}: " if where else ""
        remedy = f". {advice}" if advice else ""
        super().__init__(f"{place}{problem}{remedy}")


class FormatError(WorkbenchError):
    """A file is not what its format says: .param, .bin, calibration table, saved statistics."""


class GraphError(WorkbenchError):
    """The layers of a network do not fit together."""


class InputError(WorkbenchError):
    """An image or tensor cannot be read, or does not fit the network's input."""


class EngineError(WorkbenchError):
    """ncnn refused a network, or did not survive it."""


class CalibrationError(WorkbenchError):
    """Statistics, thresholds or decisions are missing or contradict each other."""


class WorkbenchWarning(UserWarning):
    """Something is allowed but deserves a look; the message names the layer or file."""

"""What a person works on: a network, its statistics, one immutable plan, and how it came about.

Views observe a session's traits and call its commands; they compute nothing of their own.
"""

from workbench.session.changes import Change
from workbench.session.figures import Before, Figure, LiveReport, Split
from workbench.session.history import State, Step
from workbench.session.live import LiveErrors
from workbench.session.reading import Reading
from workbench.session.session import Session

__all__ = [
    "Before",
    "Change",
    "Figure",
    "LiveErrors",
    "LiveReport",
    "Reading",
    "Session",
    "Split",
    "State",
    "Step",
]

"""What a person chooses with; each part has a file of its own."""

from workbench.widgets.chooser import LayerChooser
from workbench.widgets.history import History
from workbench.widgets.methods import MethodTable
from workbench.widgets.threshold import ThresholdControl

__all__ = ["History", "LayerChooser", "MethodTable", "ThresholdControl"]

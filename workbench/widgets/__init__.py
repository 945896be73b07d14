"""The live page and its parts; each part can stand alone in any notebook.

from workbench.widgets import Workbench
Workbench(session)
"""

from workbench.widgets.collecting import Collecting
from workbench.widgets.controls import History, LayerChooser, MethodTable, ThresholdControl
from workbench.widgets.numbers import Numbers
from workbench.widgets.overview import Overview
from workbench.widgets.page import Workbench
from workbench.widgets.plot import ThresholdPlot
from workbench.widgets.plots import HistogramView, PlotView, SearchView, join
from workbench.widgets.saver import TableSaver
from workbench.widgets.view import View, mailbox_of

__all__ = [
    "Collecting",
    "HistogramView",
    "History",
    "LayerChooser",
    "MethodTable",
    "Numbers",
    "Overview",
    "PlotView",
    "SearchView",
    "TableSaver",
    "ThresholdControl",
    "ThresholdPlot",
    "View",
    "Workbench",
    "join",
    "mailbox_of",
]

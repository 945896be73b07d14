"""The live page and its parts; each part can stand alone in any notebook.

from workbench.widgets import Workbench
Workbench(session)
"""

from workbench.widgets.chooser import LayerChooser
from workbench.widgets.collecting import Collecting
from workbench.widgets.exporter import ExportView
from workbench.widgets.history import History, HistoryView
from workbench.widgets.methods import MethodTable
from workbench.widgets.numbers import Numbers
from workbench.widgets.overview import Overview
from workbench.widgets.page import Workbench
from workbench.widgets.plot import ThresholdPlot
from workbench.widgets.plots import HistogramView, PlotView, SearchView, join
from workbench.widgets.threshold import ThresholdControl
from workbench.widgets.view import View, mailbox_of

__all__ = [
    "Collecting",
    "ExportView",
    "HistogramView",
    "History",
    "HistoryView",
    "LayerChooser",
    "MethodTable",
    "Numbers",
    "Overview",
    "PlotView",
    "SearchView",
    "ThresholdControl",
    "ThresholdPlot",
    "View",
    "Workbench",
    "join",
    "mailbox_of",
]

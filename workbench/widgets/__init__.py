"""The live page and its parts; each part can stand alone in any notebook.

from workbench.widgets import Workbench
Workbench(session)
"""

from workbench.widgets.channels import ChannelsView
from workbench.widgets.chooser import LayerChooser
from workbench.widgets.collecting import Collecting
from workbench.widgets.errors import ErrorsView
from workbench.widgets.exporter import ExportView
from workbench.widgets.history import History, HistoryView
from workbench.widgets.layers_table import LayerTable
from workbench.widgets.methods import MethodTable
from workbench.widgets.network import NetworkView
from workbench.widgets.numbers import Numbers
from workbench.widgets.output import OutputView
from workbench.widgets.page import Workbench
from workbench.widgets.plot import ThresholdPlot
from workbench.widgets.plots import HistogramView, PlotView, SearchView, join
from workbench.widgets.steps import StepsPlot, StepsView
from workbench.widgets.tabs import Tabs
from workbench.widgets.threshold import ThresholdControl
from workbench.widgets.view import View, mailbox_of

__all__ = [
    "ChannelsView",
    "Collecting",
    "ErrorsView",
    "ExportView",
    "HistogramView",
    "History",
    "HistoryView",
    "LayerChooser",
    "LayerTable",
    "MethodTable",
    "NetworkView",
    "Numbers",
    "OutputView",
    "PlotView",
    "SearchView",
    "StepsPlot",
    "StepsView",
    "Tabs",
    "ThresholdControl",
    "ThresholdPlot",
    "View",
    "Workbench",
    "join",
    "mailbox_of",
]

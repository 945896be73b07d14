"""HTML that changes often, as while a threshold is dragged."""

from __future__ import annotations

import anywidget
from traitlets import Unicode

from workbench.widgets.assets import script


class Patched(anywidget.AnyWidget):
    """HTML of which a new text changes only what differs; ipywidgets' own makes all anew.

    Attributes:
        value: the HTML; what comes from outside is escaped in it.
    """

    _esm = script("patched.js")

    value = Unicode().tag(sync=True)

"""What the parts share that show errors on the probes."""

from __future__ import annotations

import ipywidgets as widgets

from workbench.session import Session
from workbench.widgets.view import View, Watched


class LiveView(View):
    """A part that is redrawn when the errors on the probes are renewed, too."""

    def __init__(self, session: Session, *children: widgets.Widget) -> None:
        self.errors = session.errors
        super().__init__(session, *children)

    def watched(self) -> Watched:
        """What has it drawn anew: the errors too."""
        return (*super().watched(), (self.errors, ("report",)))

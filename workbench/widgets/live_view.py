"""What the parts share that show errors on the probes."""

from __future__ import annotations

import ipywidgets as widgets

from workbench.session import Session
from workbench.widgets.view import View


class LiveView(View):
    """A part that is redrawn when the errors on the probes are renewed, too."""

    def __init__(self, session: Session, *children: widgets.Widget) -> None:
        self.errors = session.errors
        super().__init__(session, *children)
        self.errors.observe(self._changed, "report")
        self._changed()  # what was measured in the meantime

    def close(self) -> None:
        """Stop watching the session and its errors, and take the part off the page."""
        if self.comm is not None:
            self.errors.unobserve(self._changed, "report")
        super().close()

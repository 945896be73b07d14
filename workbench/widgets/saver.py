"""Write the calibration table where the user says."""

from __future__ import annotations

from pathlib import Path

import ipywidgets as widgets

from workbench.errors import WorkbenchError
from workbench.session import Session
from workbench.widgets.view import View


class TableSaver(View):
    """A path, a button, and a line that says what came of it."""

    watches = ("plan",)

    def __init__(self, session: Session, path: str | Path = "calibration.table") -> None:
        self._written: object = None
        self.path = widgets.Text(
            value=str(path),
            description="Table",
            tooltip="Where to write the calibration table",
            layout={"flex": "1 1 300px"},
            style={"description_width": "initial"},
        )
        self.save = widgets.Button(
            description="Write table",
            tooltip="Write the plan as a calibration table for ncnn2int8",
            button_style="primary",
        )
        self.save.on_click(lambda _: self.do(self._write))
        super().__init__(session, widgets.HBox([self.path, self.save]))

    def refresh(self) -> None:
        """Say so if the plan is no longer what was written."""
        if self._written is not None and self._written != self.session.plan:
            self._written = None
            self.say("The plan has changed since the table was written.")

    def _write(self) -> None:
        path, plan = self._target(), self.session.plan
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.session.save_table(path)
        except OSError as error:
            raise WorkbenchError(
                f"the table could not be written ({error.strerror})",
                where=str(path),
                advice="Choose another place.",
            ) from error
        self._written = plan
        kept = sum(decision.keep_float for decision in plan)
        also = f", {kept} kept in float" if kept else ""
        self.say(f"Wrote {path}: {len(plan.layers) - kept} layers in int8{also}.")

    def _target(self) -> Path:
        text = self.path.value.strip()
        if not text:
            raise WorkbenchError("there is no path", advice="Type where to write the table.")
        path = Path(text).expanduser().resolve()
        if path.is_dir():
            raise WorkbenchError(
                "this is a folder", where=str(path), advice="Add a file name, like m.table."
            )
        return path

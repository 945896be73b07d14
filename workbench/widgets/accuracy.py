"""Top-1 accuracy on a labelled set: a path, a button, a bar, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path

import ipywidgets as widgets

from workbench.calibration.inputs import FileInputs, holds_tensors
from workbench.calibration.labelled import Labelled, read_labelled
from workbench.calibration.plan import Plan
from workbench.calibration.readers import TensorReader
from workbench.errors import InputError
from workbench.session import Session
from workbench.session.measurement import Measured, Measurement, Progress
from workbench.widgets.controls import named
from workbench.widgets.look import look_of, percent
from workbench.widgets.view import View, Watched

WHERE = "a folder with a subfolder for each class, or a labels file"


class AccuracyPanel(View):
    """Measures the present plan when it is told to.

    Args:
        session: whose plan is measured, and whose probes say how files are read.
        labelled: the labelled set: a path that the user may change, or inputs and classes.
        names: of the classes.
        scheme: a key of `workbench.simulation.scheme.SCHEMES`.
    """

    watches = ("plan",)

    def __init__(
        self,
        session: Session,
        labelled: str | Path | Labelled = "",
        names: Sequence[str] = (),
        scheme: str = "requantize",
    ) -> None:
        self.measurement = Measurement(session, scheme)
        self._given = labelled if isinstance(labelled, Labelled) else None
        self._names = tuple(names)
        self.path = widgets.Text(
            value="" if self._given else str(labelled),
            placeholder=WHERE,
            layout={"flex": "1 1 260px", "display": "none" if self._given else ""},
            **named("Labelled set", f"Images whose class is known: {WHERE}"),
        )
        outputs = session.model.graph.outputs
        self.output = widgets.Dropdown(
            options=[*[("none", "")][: len(outputs) - 1], *((name, name) for name in outputs)],
            layout={"display": "none" if len(outputs) == 1 else ""},
            **named("Class scores", "The output of the network that holds a score for each class"),
        )
        self.run = widgets.Button(
            description="Measure accuracy",
            tooltip="Run float and int8 on every labelled image and count the right answers",
            button_style="primary",
        )
        self.cancel = widgets.Button(
            description="Cancel", tooltip="Stop after the present image", disabled=True
        )
        self.state = widgets.HTML().add_class("wb-accuracy")
        self.run.on_click(lambda _: self.measurement.start(self._found, self.output.value or None))
        self.cancel.on_click(lambda _: self.measurement.cancel())
        head = widgets.HTML("<h4>Accuracy on a labelled set</h4>")
        controls = widgets.HBox([self.path, self.output, self.run, self.cancel])
        controls.add_class("wb-accuracy-row")
        super().__init__(session, head, controls, self.state)
        self.add_class("wb-accuracy-part")

    def refresh(self) -> None:
        """Show how far the measurement is, or its result, and whether the plan has changed."""
        progress = self.measurement.progress
        self.run.disabled, self.cancel.disabled = progress.running, not progress.running
        parts = [_bar(progress)] if progress.running else []
        if progress.measured is not None:
            parts.append(_result(progress.measured, self.session.plan))
        self.state.value = "".join(parts)
        stopped = f"Cancelled after {progress.done} of {progress.images} images."
        self.say(stopped if progress.cancelled else progress.problem, wrong=bool(progress.problem))

    def watched(self) -> Watched:
        """What has it drawn anew: the measurement too."""
        return (*super().watched(), (self.measurement, ("progress",)))

    def close(self) -> None:
        """Stop measuring, and take the part off the page."""
        if self.comm is not None:
            self.measurement.cancel()
        super().close()

    def _found(self) -> Labelled:
        if self._given is not None:
            return self._given
        text = self.path.value.strip()
        if not text:
            raise InputError("no labelled set was named", advice=f"Give {WHERE}.")
        probes = self.session.probes
        if isinstance(probes, FileInputs):
            return read_labelled(text, probes.reader, self._names)
        if not holds_tensors(Path(text).expanduser()):
            raise InputError(
                "it is not known how pictures become this network's inputs",
                advice="Take the probes from an ImageFolder, or give labelled=Labelled(inputs, "
                "classes).",
            )
        return read_labelled(text, TensorReader(), self._names)


def _bar(progress: Progress) -> str:
    if not progress.images:
        return '<p role="status">Looking for the labelled images …</p>'
    left = progress.seconds_left
    rest = "" if left is None else f", {_duration(left)} left"
    said = f"{progress.done} of {progress.images} images{rest}"
    return (
        f'<progress max="{progress.images}" value="{progress.done}" aria-label="Measured">'
        f"</progress><span>{said}</span>"
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min"


def _result(measured: Measured, now: Plan) -> str:
    result = measured.accuracy
    figures = (
        ("float", result.float_top1, "Share of the images that the float network has right"),
        ("int8", result.int8_top1, "Share of the images that the int8 network has right"),
        ("same answer", result.agreement, "Share on which both say the same, right or wrong"),
    )
    cells = "".join(
        f'<div title="{means}"><span>{name}</span><b>{percent(share)}</b></div>'
        for name, share, means in figures
    )
    said = f"Top-1 on {result.images} labelled images. Measured: {_described(measured.plan)}."
    if measured.order:
        said += f" Classes are the subfolders in order: {', '.join(measured.order[:4])} …"
    return (
        f'<div class="wb-accuracy-figures">{cells}</div><p>{escape(said)}</p>'
        f"{_mark(measured.plan, now)}"
    )


def _mark(plan: Plan, now: Plan) -> str:
    changed = [new.layer for old, new in zip(plan, now, strict=True) if old != new]
    if not changed:
        return '<p class="wb-fresh">✓ of the plan as it is now</p>'
    names = ", ".join(changed[:3]) + (" …" if len(changed) > 3 else "")
    return f'<p class="wb-stale">↻ stale: changed since then: {escape(names)}. Measure again.</p>'


def _described(plan: Plan) -> str:
    methods = Counter(look_of(one.method).label for one in plan if not one.keep_float)
    said = [f"{count} layers {label}" for label, count in methods.most_common()]
    kept = sum(one.keep_float for one in plan)
    return ", ".join([*said, *([f"{kept} kept in float"] if kept else [])])

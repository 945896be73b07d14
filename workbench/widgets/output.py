"""What the network answers: float against int8 on the probes, and on a labelled set."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from traitlets import Dict, List, Unicode

from workbench.calibration.labelled import Labelled, class_names
from workbench.errors import FormatError
from workbench.session import Session
from workbench.session.outputs import Answer, Pair
from workbench.session.pictures import Picture, picture
from workbench.session.planes import plane_of
from workbench.widgets.accuracy import AccuracyPanel
from workbench.widgets.assets import script, style
from workbench.widgets.live_view import LiveView
from workbench.widgets.look import decibels, digits
from workbench.widgets.plot import packed

LARGEST = 256
"""Longer sides of pictures are shrunk to this."""
NO_PROBES = (
    "There are no probe images to look at. Give the session some: "
    "Session(model, stats, probes=images[:4])."
)


class OutputCards(anywidget.AnyWidget):
    """A card for each probe: its picture, and what both networks answer.

    Attributes:
        pictures: for each card a mapping with name, about, and source (a data URL, or "").
        cards: for each card a mapping with state ("waiting", "refining" or "fresh"), agrees
            (true, false or none), verdict, classes (rows with name, expected, got: bars from 0
            to 1 as [left, width], text and first for each) and outputs (mappings with name,
            says, shape, and expected, got, difference as float32 bytes).
        state: as of the cards, of all of them.
        summary: one sentence about all of them.
    """

    _esm = script("kit.js", "axes.js", "output.js")
    _css = style()

    pictures = List(Dict()).tag(sync=True)
    cards = List(Dict()).tag(sync=True)
    state = Unicode("waiting").tag(sync=True)
    summary = Unicode().tag(sync=True)


class OutputView(LiveView):
    """The output on the probes, which follows the plan; accuracy when it is asked for.

    Args:
        session: whose plan and probes.
        labels: names of the classes, or a text file with one on each line.
        labelled: the labelled set: a path (see `read_labelled`), or inputs and their classes.
    """

    watches = ("plan",)
    rest_s = 0.3

    def __init__(
        self,
        session: Session,
        labels: Sequence[str] | str | Path = (),
        labelled: str | Path | Labelled = "",
    ) -> None:
        self.names, self._unnamed = _names(labels)
        self.cards = OutputCards()
        self.accuracy = AccuracyPanel(session, labelled, self.names)
        self.accuracy.output.observe(self._changed, "value")
        super().__init__(session, self.cards, self.accuracy)
        self.post((self, "pictures"), self._show_pictures)

    def refresh(self) -> None:
        """Show what both networks answer, as far as it is known."""
        report = self.errors.report
        answers, scores = list(report.answers.values()), self.accuracy.output.value
        known = report.plan is self.session.plan and all(answer.fresh for answer in answers)
        with self.cards.hold_sync():
            self.cards.cards = [_card(answer, self.names, scores) for answer in answers]
            self.cards.summary = _summary(answers, scores)
            self.cards.state = "failed" if report.problem else "fresh" if known else "refining"
        if report.problem:
            self.say(report.problem, wrong=True)
        elif not answers:
            self.say(NO_PROBES)
        else:
            self.say(self._unnamed, wrong=bool(self._unnamed))

    def close(self) -> None:
        """Stop following and measuring, and take the part off the page."""
        if self.comm is not None:
            self.accuracy.close()
        super().close()

    def _show_pictures(self) -> None:
        probes = self.session.probes
        self.cards.pictures = [_pictured(picture(probes, i)) for i in range(len(probes))]


def _names(labels: Sequence[str] | str | Path) -> tuple[tuple[str, ...], str]:
    """The classes' names; none, and why, if they cannot be read: numbers do instead."""
    try:
        return class_names(labels), ""
    except FormatError as error:
        return (), str(error)


def _pictured(shown: Picture) -> dict[str, Any]:
    source = "" if shown.pixels is None else _data_url(shown.pixels)
    return {"name": shown.name, "about": shown.about, "source": source}


def _data_url(pixels: NDArray[np.uint8]) -> str:
    image, target = Image.fromarray(pixels), io.BytesIO()
    image.thumbnail((LARGEST, LARGEST))
    image.save(target, "PNG")
    return "data:image/png;base64," + base64.b64encode(target.getvalue()).decode()


def _summary(answers: Sequence[Answer], scores: str) -> str:
    known = [answer for answer in answers if answer.pairs]
    votes = [vote for answer in known if (vote := answer.agrees(scores)) is not None]
    if not known:
        return ""
    if votes:
        return f"int8 gives float's answer on {sum(votes)} of {len(votes)} probe images."
    return f"The network's outputs on {len(known)} probes."


def _card(answer: Answer, names: Sequence[str], scores: str) -> dict[str, Any]:
    if not answer.pairs:
        return {"state": "waiting", "agrees": None, "verdict": "", "classes": [], "outputs": []}
    pair = answer.classes(scores)
    return {
        "state": "fresh" if answer.fresh else "refining",
        "agrees": answer.agrees(scores),
        "verdict": "" if pair is None else _verdict(pair, names),
        "classes": [] if pair is None else _rows(pair, names),
        "outputs": [_output(one, picture=one is not pair) for one in answer.pairs],
    }


def _verdict(pair: Pair, names: Sequence[str]) -> str:
    first, second = (_called(int(scores.argmax()), names) for scores in (pair.expected, pair.got))
    return f"same answer: {first}" if first == second else f"float {first}, int8 {second}"


def _called(number: int, names: Sequence[str]) -> str:
    return names[number] if number < len(names) else f"class {number}"


def _rows(pair: Pair, names: Sequence[str]) -> list[dict[str, Any]]:
    top = pair.top()
    a, b = pair.expected.ravel(), pair.got.ravel()
    shown = np.array([a[list(top)], b[list(top)], np.zeros(len(top))])
    shown = shown[np.isfinite(shown)]
    low, span = float(shown.min()), float(shown.max() - shown.min()) or 1.0
    write = _share if pair.are_shares else digits

    def bar(value: float, first: bool) -> dict[str, Any]:
        size = value if math.isfinite(value) else 0.0
        left = (min(size, 0.0) - low) / span
        return {"bar": [left, abs(size) / span], "text": write(value), "first": first}

    return [
        {
            "name": _called(i, names),
            "expected": bar(float(a[i]), i == int(a.argmax())),
            "got": bar(float(b[i]), i == int(b.argmax())),
        }
        for i in top
    ]


def _share(share: float) -> str:
    """In percent, all with one digit behind the point, so that they stand below one another."""
    return "< 0.1 %" if 0 < share < 5e-4 else f"{100 * share:.1f} %"


def _output(pair: Pair, picture: bool) -> dict[str, Any]:
    """The figures of one output, and its pictures if wanted."""
    plane = plane_of(pair)
    if plane is None:
        shapes = " and ".join("×".join(map(str, a.shape)) for a in (pair.expected, pair.got))
        return {"name": pair.blob, "says": f"float and int8 have different shapes: {shapes}"}
    said = {
        "name": pair.blob,
        "says": f"cosine {digits(pair.cosine, 5)} · SQNR {decibels(pair.sqnr_db)}",
    }
    if not picture:
        return said
    return said | {
        "about": plane.about,
        "shape": list(plane.expected.shape),
        "expected": packed(plane.expected),
        "got": packed(plane.got),
        "difference": packed(plane.difference),
    }

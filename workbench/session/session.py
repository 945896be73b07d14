"""A calibration under way: where it begins or goes on, and the commands that decide."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from workbench.calibration.inputs import Item
from workbench.calibration.plan import (
    BY_HAND,
    LayerPlan,
    Plan,
    calibrate,
    check_method,
    with_weight_bits,
)
from workbench.calibration.statistics import Statistics
from workbench.errors import CalibrationError, WorkbenchWarning
from workbench.files import make_folder, seen_at
from workbench.formats.table import write_table
from workbench.model import Model
from workbench.session import ties
from workbench.session.check import check_parts
from workbench.session.decisions import SAVER
from workbench.session.file import load_session, preprocessing_of
from workbench.session.questions import Questions


class Session(Questions):
    """A calibration under way. Commands may come from any thread; they are done one by one.

    Layers that read one blob are tied: a threshold or method set on one is set on all, unless
    they are untied. Siblings whose thresholds differ in the given plan start untied.

    Args:
        model: the float network.
        stats: what `collect` counted on it.
        plan: where to start; KL for every layer if not given.
        probes: a few inputs to look at errors on.
        path: where the session is saved after each command; nowhere if not given. Nothing may
            be there yet: what was saved is opened with `Session.open`.

    Raises:
        CalibrationError: statistics or plan are of another network, nothing in the network
            can be quantized, or a file is at `path` already.
        WorkbenchError: the session cannot be saved at `path`.
    """

    def __init__(
        self,
        model: Model,
        stats: Statistics,
        plan: Plan | None = None,
        probes: Sequence[Item] = (),
        path: str | Path | None = None,
    ) -> None:
        plan = calibrate(model, stats) if plan is None else plan
        check_parts(model, stats, plan)
        super().__init__(model, stats, plan, probes)
        if path is not None:
            self._begin_at(Path(path))

    @classmethod
    def open(cls, path: str | Path, model: Model, probes: Sequence[Item] = ()) -> Session:
        """Open a saved session as it was, and go on saving it there.

        Args:
            path: what a session was saved as. Nothing in it can run.
            model: the network that it was saved with.
            probes: a few inputs to look at errors on; they are not in the file.

        Raises:
            FormatError: the file is missing, damaged, or no session.
            CalibrationError: it was saved with another network.
        """
        SAVER.drain()  # what this process has yet to save may be just this
        seen = seen_at(path)
        saved = load_session(path, model)
        given = preprocessing_of(probes)
        if given and saved.preprocessing and given != saved.preprocessing:
            warnings.warn(
                f"{path}: the probes are preprocessed otherwise than when it was saved",
                WorkbenchWarning,
                stacklevel=2,
            )
        session = cls(model, saved.stats, saved.history.present.plan, probes)
        session._take(saved, Path(path), seen)
        return session

    @classmethod
    def resume(
        cls,
        path: str | Path,
        model: Model,
        stats: Statistics | Callable[[], Statistics],
        plan: Plan | None = None,
        probes: Sequence[Item] = (),
    ) -> Session:
        """Go on with the session saved at a path; if nothing is there, begin one there.

        So a notebook that is run again, in a new kernel too, shows what was decided before.

        Args:
            path: where the session is kept; its folder is made. What is there is never replaced
                by a new session, also not if it cannot be opened.
            model: the float network.
            stats: what `collect` counted on it, or a function that does when it is needed. A
                saved session goes on with its own; if they are of other inputs it is warned of.
            plan: where a new session starts; KL for every layer if not given.
            probes: a few inputs to look at errors on.

        Raises:
            FormatError: what is there is damaged, or no session.
            CalibrationError: it was saved with another network, or a new one cannot begin.
            WorkbenchError: a new session cannot be saved there.
        """
        place = Path(path)
        if not place.exists():
            counted = stats() if callable(stats) else stats
            make_folder(place.parent)
            return cls(model, counted, plan, probes, place)
        session = cls.open(place, model, probes)
        if isinstance(stats, Statistics) and stats.inputs != session.stats.inputs:
            warnings.warn(
                f"{path}: goes on with the {session.stats.images} inputs that it was saved with; "
                "to start from others, give another path",
                WorkbenchWarning,
                stacklevel=2,
            )
        return session

    # --- commands -------------------------------------------------------------------------

    def set_threshold(self, layer: str, threshold: float, gesture: object = None) -> None:
        """Set the threshold of a layer, and of those tied to it, by hand.

        Args:
            layer: the layer's name.
            threshold: positive, finite, in real units.
            gesture: changes of one gesture (a drag) count as one step of undo; give each
                change of a drag the same object.
        """
        if not 0 < threshold < float("inf"):
            raise CalibrationError(
                f"a threshold of {threshold} is not possible",
                where=f"layer {layer}",
                advice="Give a positive number in the blob's own units.",
            )
        with self._lock:
            plan, moved = self.plan, self.tied(layer)
            for name in moved:
                plan = plan.changed(name, threshold=float(threshold), method=BY_HAND)
            self._do(f"{', '.join(moved)}: threshold {threshold:.6g} by hand", plan, gesture)

    def set_method(self, method: str, layers: Sequence[str] | None = None) -> None:
        """Take a method's thresholds, and its weight scales, for all layers or for some.

        Layers tied to a named one take them too.
        """
        check_method(method)
        with self._lock:
            asked = self.layers if layers is None else layers
            chosen = tuple(dict.fromkeys(name for layer in asked for name in self.tied(layer)))
            new = [self._known.decide(self.plan[name], method) for name in chosen]
            who = "all layers" if len(chosen) == len(self.layers) else ", ".join(chosen)
            self._do(f"{who}: method {method}", self._with(*new))

    def set_bits(self, layer: str, bits: int) -> None:
        """Give a layer's weights 8 or 6 bits; their scales are derived anew."""
        with self._lock:
            if self.plan[layer].bits != bits:
                plan = with_weight_bits(self.model, self.plan, layer, bits)
                self._do(f"{layer}: weights of {bits} bits", plan)

    def keep_float(self, layers: str | Sequence[str], keep: bool = True) -> None:
        """Leave a layer, or some, out of quantization, or take them in again: one step."""
        names = (layers,) if isinstance(layers, str) else tuple(layers)
        with self._lock:
            new = [replace(self.plan[name], keep_float=bool(keep)) for name in names]
            said = "kept in float" if keep else "in int8 again"
            self._do(f"{', '.join(names)}: {said}", self._with(*new))

    def untie(self, layer: str) -> None:
        """Let a layer move alone though others read its blob.

        Raises:
            CalibrationError: no other layer does.
        """
        with self._lock:
            apart = ties.others(self.stats.layers, self.plan[layer].layer)
            said = f"{layer}: untied from {', '.join(apart)}"
            self._do(said, self.plan, untied=self.untied | {layer})

    def tie(self, layer: str) -> None:
        """Let a layer move with those that read its blob; it takes their threshold at once.

        If they too are untied, all of them are tied, at the first one's threshold.

        Raises:
            CalibrationError: no other layer reads its blob.
        """
        with self._lock:
            others = ties.others(self.stats.layers, self.plan[layer].layer)
            tied = [name for name in others if name not in self.untied]
            first, *rest = tied or others
            joining = [layer] if tied else [layer, *rest]
            if tied and layer not in self.untied:
                return
            new = [self._known.following(self.plan[name], self.plan[first]) for name in joining]
            said = f"{layer}: tied to {', '.join((first, *rest))}"
            self._do(said, self._with(*new), untied=self.untied.difference(joining, [first]))

    def save_table(self, path: str | Path) -> None:
        """Write the plan as a calibration table for ncnn's converter."""
        write_table(self.plan.table, path)

    # --- the rest -------------------------------------------------------------------------

    def _with(self, *decisions: LayerPlan) -> Plan:
        new = {decision.layer: decision for decision in decisions}
        return replace(self.plan, layers=tuple(new.get(old.layer, old) for old in self.plan))

    def __repr__(self) -> str:
        return f"<Session: {len(self.layers)} layers, {self.stats.images} images>"

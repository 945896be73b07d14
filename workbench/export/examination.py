"""What a calibration table says of a network, each slip in it, and what would mend that.

ncnn's converter takes a table as it comes: it counts nothing and tells nothing. Here each row is
compared with the layer it is for. Source of what ncnn does: Tencent/ncnn,
tools/quantize/ncnn2int8.cpp.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from workbench.errors import FormatError
from workbench.export.scale_rows import Scales, blob_scale_of, weight_scales_of
from workbench.formats.table import WEIGHT_SUFFIX, Table, read_text
from workbench.formats.table_rows import Finding, Row, Severity, scan_table
from workbench.graph import Layer
from workbench.model import QUANTIZABLE, Model
from workbench.ops import values
from workbench.simulation.propagate import requantized

_MOST_GUESSES = 20


@dataclass(frozen=True)
class Examination:
    """What came of reading a table.

    Attributes:
        findings: every slip, the cause before what follows from it.
        table: the table as it is meant; errors are mended, for lack of a meaning.
        mended: the table with everything mended that can be.
    """

    findings: tuple[Finding, ...]
    table: Table
    mended: Table

    def check(self, where: str) -> None:
        """Raise FormatError for the first error, if there is one; `where` names the table."""
        for finding in self.findings:
            if finding.severity == "error":
                place = f"{where}:{finding.line}"
                raise FormatError(finding.problem, where=place, advice=finding.advice)


def examine_table(path: str | Path, model: Model) -> tuple[Finding, ...]:
    """Read a calibration table and name each thing that ncnn would not take as it is meant.

    Args:
        path: the table.
        model: the network that it is for.

    Returns:
        The findings in the order of the lines; none if all is well.

    Raises:
        FormatError: the file cannot be read, or is no text.
    """
    findings = examine(read_text(path), model).findings
    return tuple(sorted(findings, key=lambda finding: finding.line))


def mended(path: str | Path, model: Model) -> Table:
    """Read a calibration table and do what the fix of each finding says.

    Empty lines, tabs and comments go; weight scales that are missing or broken are taken anew
    from the network; a layer whose blob has no scale loses its other row too and stays float;
    layers that share an int8 blob get one scale.

    Args:
        path: the table; it is not changed (`workbench.formats.table.write_table` writes one).
        model: the network that it is for.

    Raises:
        FormatError: the file cannot be read, or is no text.
    """
    return examine(read_text(path), model).mended


def examine(text: str, model: Model) -> Examination:
    """Read a table's text as `examine_table` and `mended` do."""
    reading = _Reading(text, model)
    reading.take_names()
    for layer in model.quantizable:
        reading.take_layer(layer)
    table = Table(reading.weights, reading.blobs, reading.lines)
    shared = reading.share_scales(table)
    return Examination(tuple(reading.findings), table, shared)


class _Reading:
    """A table on the way to be understood."""

    def __init__(self, text: str, model: Model) -> None:
        self.model = model
        names = [layer.name for layer in model.quantizable]
        self.names = {row for name in names for row in (name + WEIGHT_SUFFIX, name)}
        scan = scan_table(text, self.names)
        self.rows, self.comments = dict(scan.rows), scan.comments
        self.findings = list(scan.findings)
        self.weights: dict[str, Scales] = {}
        self.blobs: dict[str, Scales] = {}
        self.lines: dict[str, int] = {}
        if not self.rows:
            nothing = Row(1, "", ())
            fix = "Calibrate the network, or give its table."
            self.find(nothing, "warning", "the table has no rows", "writes a float network", fix)

    def find(self, row: Row, severity: Severity, problem: str, ncnn_does: str, fix: str) -> None:
        self.findings.append(Finding(row.line, row.name, severity, problem, ncnn_does, fix))

    def take_names(self) -> None:
        """Rename the rows whose name is nearly right, and drop those that name no layer."""
        unknown = [row for row in self.rows.values() if row.name not in self.names]
        for row in unknown:
            del self.rows[row.name]
            missing = self.names.difference(self.rows) if len(unknown) <= _MOST_GUESSES else ()
            guess = next(iter(get_close_matches(row.name, missing, 1, 0.8)), "")
            fix = f"Rename it to {guess!r}." if guess else "Correct the name, or delete the row."
            problem = f"row {row.name!r} names no layer of the network that can be quantized"
            self.find(row, "error", problem + self._reason(row), "ignores the row", fix)
            if guess:
                self.rows[guess] = row._replace(name=guess)

    def _reason(self, row: Row) -> str:
        layer = self.model.graph.by_name.get(row.name.removesuffix(WEIGHT_SUFFIX))
        if layer is None:
            return ""
        lacks = " without weights in the .bin file" if layer.type in QUANTIZABLE else ""
        return f" ({layer.name} is a {layer.type}{lacks})"

    def take_layer(self, layer: Layer) -> None:
        """Take the two rows of a layer, if both are there and can be read."""
        weights, blob = (self.rows.get(layer.name + end) for end in (WEIGHT_SUFFIX, ""))
        if weights is None or blob is None:
            self._miss_partner(layer, weights or blob)
        elif values(layer)["int8_scale_term"]:
            does = "quantizes the int8 numbers once more"
            fix = "Delete its rows, or give the float network."
            self.find(weights, "error", f"layer {layer.name} is int8 already", does, fix)
        else:
            self._take_rows(layer, weights, blob)

    def _miss_partner(self, layer: Layer, row: Row | None) -> None:
        if row is None:
            return
        lacks = layer.name + WEIGHT_SUFFIX if row.name == layer.name else layer.name
        line = self.comments.get(lacks)
        note = f", which is a comment on line {line}" if line else ""
        does = "ignores the row and leaves the layer in float"
        if row.name == layer.name:
            does = f"leaves this {layer.type} and every later one in float"
        fix = "Give both rows, or delete both to keep the layer in float."
        self.find(row, "error", f"row {row.name!r} has no partner {lacks!r}{note}", does, fix)

    def _take_rows(self, layer: Layer, weights: Row, blob: Row) -> None:
        weight_scales, about_weights = weight_scales_of(weights, layer, self.model)
        blob_scale, about_blob = blob_scale_of(blob, layer)
        self.findings += (*about_weights, *about_blob)
        if not blob_scale:
            return
        self.weights[layer.name], self.blobs[layer.name] = weight_scales, blob_scale
        self.lines |= {weights.name: weights.line, blob.name: blob.line}
        if "_param_" in layer.name:
            problem = f"the name of layer {layer.name} has '_param_' in it"
            does = "takes its blob's row for weights, and leaves the layer in float"
            self.find(blob, "warning", problem, does, "Rename the layer in the .param file.")

    def share_scales(self, table: Table) -> Table:
        """Give the layers that share an int8 blob the scale that it is quantized with."""
        blobs, graph = dict(table.blobs), self.model.graph
        producers = requantized(graph, table.blobs)
        firsts = {graph.by_name[name].tops[0]: first for name, first in producers.items()}
        for name, (scale,) in table.blobs.items():
            first = firsts.get(graph.origin(graph.by_name[name].bottoms[0]), name)
            ratio = float(np.float32(table.blobs[first][0]) / np.float32(scale))
            if ratio != 1:
                blobs[name] = table.blobs[first]
                self._find_unshared(name, first, ratio, blobs[name][0])
        return replace(table, blobs=blobs)

    def _find_unshared(self, layer: str, first: str, ratio: float, scale: float) -> None:
        self.find(
            Row(self.lines[layer], layer, ()),
            "warning",
            f"row {layer!r} has another scale than {first!r}, and both read one int8 blob",
            f"quantizes the blob for {first!r} alone, and what {layer!r} computes from it comes"
            f" out multiplied by {ratio:.4g}",
            f"Give it the scale of {first!r}, {scale:.6f}.",
        )

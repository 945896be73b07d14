"""Every way to compute in int8 against float, as the document's tables compare them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from workbench.calibration.inputs import Item
from workbench.calibration.plan import Plan
from workbench.errors import InputError
from workbench.model import Model
from workbench.simulation.compare import Metrics
from workbench.simulation.integer.arithmetic import SHIFT, Arithmetic
from workbench.simulation.integer.wishes import Rules
from workbench.simulation.scheme import SCHEMES, Scheme
from workbench.simulation.simulator import Simulator

_COLUMNS = ("cosine", "angle", "MAE", "MRE", "MRE <= 1", "same")


def _shift(name: str, about: str, arithmetic: Arithmetic) -> Scheme:
    return Scheme(name, about, quantizes=True, fuses=False, integer=arithmetic)


VARIANTS: Mapping[str, Scheme] = MappingProxyType(
    {
        "half quantization": SCHEMES["dequantize"],
        "requantize": SCHEMES["requantize"],
        "full int8, E >> F": SCHEMES["integer-shift"],
        "full int8, rounded shift": _shift(
            "integer-shift-rounded",
            "Full int8 with 8-bit multipliers, half a level added before the shift.",
            replace(SHIFT, flavour="rounded"),
        ),
        "full int8, 31 bits": _shift(
            "integer-shift-31",
            "Full int8 with two-scale Splits and 31-bit multipliers, rounded.",
            replace(SHIFT, flavour="one rounding"),
        ),
        "full int8, bias int8": _shift(
            "integer-shift-bias-int8",
            "Full int8, E >> F, the bias in int8 and added after the shift.",
            replace(SHIFT, bias_after=True),
        ),
        "full int8, wrapping add": _shift(
            "integer-shift-wrapping-add",
            "Full int8, E >> F; additions in int8 wrap modulo 256.",
            replace(SHIFT, add_wraps=True),
        ),
        "full int8, one scale a stage": _shift(
            "integer-shift-stages",
            "Full int8, E >> F; joined and cut blobs have one scale, factors at Slice and Split.",
            replace(SHIFT, rules=Rules(by_channel=False, wishes_count=True)),
        ),
        "full int8, modern": SCHEMES["integer"],
        "int32 whole shift": SCHEMES["int32-shift"],
    }
)
"""What is compared with float, by the name of its row."""


@dataclass(frozen=True)
class TableRow:
    """One way to compute.

    Attributes:
        name: a key of `VARIANTS`.
        metrics: distance of the output from float, each the mean over all images.
        top1: share of labelled images that it has right; None without labels.
        agreement: share of images on which its largest output is that of float.
        overflows: how many numbers did not fit in 32 bits, over all images.
        about: the way in one sentence.
    """

    name: str
    metrics: Metrics
    top1: float | None
    agreement: float
    overflows: int
    about: str = ""


@dataclass(frozen=True)
class SchemeTable:
    """All ways against float.

    Attributes:
        blob: the blob that is compared.
        images: number of images.
        float_top1: share of labelled images that the float network has right, or None.
        rows: one for each way.
    """

    blob: str
    images: int
    float_top1: float | None
    rows: tuple[TableRow, ...]

    def __iter__(self) -> Iterator[TableRow]:
        return iter(self.rows)

    def __getitem__(self, name: str) -> TableRow:
        return next(row for row in self.rows if row.name == name)

    def __str__(self) -> str:
        lines = [self._headline, f"{'':30}" + "".join(f"{name:>11}" for name in self._columns)]
        lines += [f"{row.name:30}" + "".join(f"{x:>11}" for x in _cells(row)) for row in self.rows]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in ("", *self._columns))
        body = "".join(
            f"<tr><th style='text-align:left' title='{escape(row.about)}'>{escape(row.name)}</th>"
            + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(row))
            + "</tr>"
            for row in self.rows
        )
        caption = f"<caption>{escape(self._headline)}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    @property
    def _columns(self) -> tuple[str, ...]:
        return _COLUMNS if self.float_top1 is None else (*_COLUMNS, "top-1")

    @property
    def _headline(self) -> str:
        top1 = "" if self.float_top1 is None else f"; float top-1 {self.float_top1:.4f}"
        return f"blob {self.blob} against float, {self.images} images{top1}"


def scheme_table(
    model: Model,
    plan: Plan,
    inputs: Sequence[Item],
    labels: Sequence[int] | None = None,
    *,
    blob: str | None = None,
    variants: Mapping[str, Scheme] = VARIANTS,
    progress: bool = True,
) -> SchemeTable:
    """Compare every way to compute in int8 with float.

    Args:
        model: the float network.
        plan: decisions for it.
        inputs: images or tensors.
        labels: the right class of each, an index into the blob; None if there are none.
        blob: what is compared; the network's only output if not given.
        variants: the ways, by the names of their rows.
        progress: show a progress bar.

    Raises:
        InputError: there are no inputs, labels differ from them in number, the blob is not
            one of the network, or there are several outputs to choose from.
    """
    if len(inputs) == 0 or (labels is not None and len(labels) != len(inputs)):
        count = "no" if labels is None else len(labels)
        raise InputError(f"there are {len(inputs)} inputs and {count} labels")
    name = _blob(model, blob)
    wanted = _outputs(Simulator(model, plan, "float"), inputs, name)[0]
    rows = []
    for variant, scheme in tqdm(variants.items(), desc="comparing schemes", disable=not progress):
        got, overflows = _outputs(Simulator(model, plan, scheme), inputs, name)
        metrics = Metrics.mean([Metrics.of(a, b) for a, b in zip(wanted, got, strict=True)])
        agreement = float(np.mean(_answers(wanted) == _answers(got)))
        rows.append(
            TableRow(variant, metrics, _top1(got, labels), agreement, overflows, scheme.about)
        )
    return SchemeTable(name, len(inputs), _top1(wanted, labels), tuple(rows))


def _blob(model: Model, blob: str | None) -> str:
    outputs = model.graph.outputs
    if blob is None and len(outputs) == 1:
        return outputs[0]
    if blob is None:
        raise InputError(
            f"the network has several outputs ({', '.join(outputs)})",
            advice="Say which blob is to be compared.",
        )
    if blob not in model.graph.producers:
        raise InputError(f"the network has no blob {blob!r}")
    return blob


def _outputs(
    simulator: Simulator, inputs: Sequence[Item], blob: str
) -> tuple[list[NDArray[Any]], int]:
    found, overflows = [], 0
    for item in inputs:
        run = simulator.run(item)
        found.append(run[blob].real)
        overflows += sum(run.overflows.values())
    return found, overflows


def _answers(outputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.array([int(output.argmax()) for output in outputs])


def _top1(outputs: Sequence[NDArray[Any]], labels: Sequence[int] | None) -> float | None:
    return None if labels is None else float(np.mean(_answers(outputs) == np.asarray(labels)))


def _cells(row: TableRow) -> list[str]:
    m = row.metrics
    cells = [
        f"{m.cosine:.7f}",
        f"{m.angle_degrees:.4f}",
        f"{m.mae:.5f}",
        f"{m.mre:.4f}",
        f"{m.mre_filtered:.4f}",
        f"{row.agreement:.4f}",
    ]
    return cells if row.top1 is None else [*cells, f"{row.top1:.4f}"]

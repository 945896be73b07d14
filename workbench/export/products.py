"""What a calibrated network is taken away as: each product is some files of one stem."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from workbench.calibration.inputs import Item
from workbench.calibration.plan import Plan
from workbench.errors import CalibrationError, WorkbenchError
from workbench.export.firmware import write_firmware
from workbench.export.int8 import export_int8, warn
from workbench.export.report import html_report
from workbench.export.table import save_table
from workbench.files import make_folder, write_text
from workbench.model import Model
from workbench.simulation.compare import compare

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Order:
    """What is to be written, and where.

    Attributes:
        model: the float network.
        plan: decisions for it.
        probes: a few inputs, for what is measured or computed on inputs.
        folder: where to write; it is made if it does not exist.
        stem: what the names of files begin with.
        progress: called with the inputs that are done, and all; what it raises stops the work.
        tell: called with each remark; by default it warns.
    """

    model: Model
    plan: Plan
    probes: Sequence[Item]
    folder: Path
    stem: str
    progress: Progress = lambda done, whole: None
    tell: Callable[[str], object] = warn

    def path(self, ending: str) -> Path:
        """The path of a file, or folder, of this order."""
        return self.folder / f"{self.stem}{ending}"

    @property
    def watched(self) -> Sequence[Item]:
        """The probes; taking one tells of the progress."""
        return _Watched(self.probes, self.progress)


@dataclass(frozen=True)
class Product:
    """One thing to take away.

    Attributes:
        label: its name.
        means: what it is and what it is for, in a sentence or two.
        write: writes an order; returns the files and folders that are new.
    """

    label: str
    means: str
    write: Callable[[Order], tuple[Path, ...]]


def produce(name: str, order: Order) -> tuple[Path, ...]:
    """Write a product of `PRODUCTS`; return the files and folders that are new.

    Raises:
        WorkbenchError: it cannot be made of this network, or cannot be written there.
    """
    _check_stem(order.stem)
    make_folder(order.folder)
    try:
        return PRODUCTS[name].write(order)
    except OSError as error:
        raise WorkbenchError(
            f"this could not be written ({error.strerror or error})",
            where=str(error.filename2 or error.filename or order.folder),
            advice="Make room there, or choose another folder or name.",
        ) from error


def _check_stem(stem: str) -> None:
    if not stem or stem in (".", "..") or Path(stem).name != stem or "\0" in stem:
        raise WorkbenchError(
            f"{stem!r} is no name of a file", advice="Give a plain name, like my-network."
        )


def _table(order: Order) -> tuple[Path, ...]:
    path = order.path(".table")
    save_table(order.plan, path)
    return (path,)


def _network(order: Order) -> tuple[Path, ...]:
    param, bin = order.path("-int8.param"), order.path("-int8.bin")
    export_int8(order.model, order.plan, param, bin, order.tell)
    return param, bin


def _firmware(order: Order) -> tuple[Path, ...]:
    folder = order.path("-integer")
    write_firmware(order.model, order.plan, folder, order.watched)
    return (folder,)


def _report(order: Order) -> tuple[Path, ...]:
    if len(order.probes) == 0:
        raise CalibrationError(
            "there are no probe images to measure errors on",
            advice="Give the session some: probes=images[:4].",
        )
    comparison = compare(order.model, order.plan, order.watched, progress=False)
    path = order.path("-report.html")
    write_text(path, html_report([comparison], order.stem))
    return (path,)


class _Watched(Sequence[Item]):
    def __init__(self, items: Sequence[Item], progress: Progress) -> None:
        self._items = items
        self._progress = progress

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._items[index]

    def __iter__(self) -> Iterator[Item]:
        whole = len(self._items)
        for done in range(whole):
            self._progress(done, whole)
            yield self._items[done]
        self._progress(whole, whole)


PRODUCTS: Mapping[str, Product] = MappingProxyType({
    "table": Product(
        "Table",
        "The calibration table, from which ncnn's converter (ncnn2int8) makes the int8 network",
        _table,
    ),
    "network": Product(
        "int8 network",
        "The .param and .bin that ncnn runs: what its converter makes of the table",
        _network,
    ),
    "firmware": Product(
        "Integer plan",
        "The network in integers alone, for a device without floating point: each operation and "
        "its numbers, a C program, and every blob of the probe images to compare with",
        _firmware,
    ),
    "report": Product(
        "Report",
        "The errors of each layer on the probe images, as a page of its own",
        _report,
    ),
})  # fmt: skip

"""Integer kernels: what an op computes from int8 blobs and int8 weights, in NumPy.

A kernel gives exact integer sums. What becomes of a sum (float or int8, by which scale, rounded
how) is not the kernel's business but the scheme's. `KERNELS` is collected from the modules of
this folder, which stand for the files of `workbench.ops`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from workbench.ops.kernels.kernel import Kernel, Sums

__all__ = ["KERNELS", "Kernel", "Sums"]


def _collect() -> Iterator[Kernel]:
    for module in iter_modules(__path__):
        yield from getattr(import_module(f"{__name__}.{module.name}"), "KERNELS", ())


KERNELS: Mapping[str, Kernel] = MappingProxyType({kernel.type: kernel for kernel in _collect()})

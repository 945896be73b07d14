"""A network as a list of plain integer operations, for whoever writes firmware or a chip.

`network` walks through the layers; `weighted`, `moving`, `pooling`, `combining` and `others` say
what each becomes; `records` holds the result. `workbench.export.integer_plan`
writes it as files, `workbench.export.c_program` as C.
"""

from workbench.export.lowering.network import lower
from workbench.export.lowering.records import Entrance, LeftOut, Operation, Program, StoredBlob

__all__ = ["Entrance", "LeftOut", "Operation", "Program", "StoredBlob", "lower"]

"""Time a change of one threshold until all errors are settled, against comparing anew.

    python -m benchmarks.incremental [--rounds N] [--sample NAME] [--json FILE]

The times are those of `benchmarks.live`, which says what they are; the comparison runs float and
int8 on the same probes from the start.
"""

from __future__ import annotations

import argparse
from statistics import median

from benchmarks.frame import Row, best, parser_of, present
from benchmarks.live import PROBES, session_of
from benchmarks.live import measure as measure_live
from workbench.samples import sample
from workbench.simulation.compare import compare


def measure(options: argparse.Namespace) -> list[Row]:
    chosen = sample(options.sample)
    model, probes = chosen.load(), chosen.images()[:PROBES]
    session = session_of(model, chosen.images())
    anew = best({"anew": lambda: compare(model, session.plan, probes)}, 3)["anew"] * 1e3
    return [
        Row(f"{what}: {kind}", median(times), anew, f"comparing {PROBES} probes anew", "ms")
        for what, kinds in measure_live(session, options.rounds).items()
        for kind, times in kinds.items()
        if times
    ]


if __name__ == "__main__":
    parser = parser_of(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sample", default="mobilenet_v2")
    present(measure, parser)

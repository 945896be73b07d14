"""Peak memory of counting 50 and 500 images, against keeping every activation.

    python -m benchmarks.memory [--json FILE]

Each is a process of its own, on a network of the shape of MobileNetV2 at 224x224. Some
calibrators keep what every layer gives for every image, and search it at the end; of that only
20 images are run here, for it grows with each.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys

from benchmarks.frame import ROOT, Row, parser_of, present

FEW, MANY, KEPT = 50, 500, 20
MEGABYTES = 400.0
"""The most that a process may need."""


def measure(options: argparse.Namespace) -> list[Row]:
    """Rows of one pass and of two, and of keeping everything."""
    rows = []
    keeping = peak("keep", KEPT)
    for passes, said in (("1", "one pass"), ("2", "two passes")):
        few, many = peak(passes, FEW), peak(passes, MANY)
        rows += [
            Row(f"{said}, {MANY} images", many, few, f"{FEW} images", "MB", 1.1),
            Row(f"{said}, {MANY} images", many, MEGABYTES, "its limit", "MB", 1.0),
            Row(f"{said}, {MANY} images", many, keeping, f"keeping all of {KEPT} images", "MB"),
        ]
    return rows


def peak(way: str, images: int) -> float:
    """Peak memory in MB of a process that does it."""
    command = [sys.executable, "-m", "benchmarks.memory", "--way", f"{way},{images}"]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(child.stdout)


def child(way: str, number: int) -> None:
    """Run images through the network, and print the peak memory of this process in MB."""
    import numpy as np

    from benchmarks.mobilenet_v2 import mobilenet_v2
    from workbench.calibration.collect import collect
    from workbench.engine import Network

    model = mobilenet_v2()
    image = np.random.default_rng(0).normal(0, 1, (3, 224, 224)).astype(np.float32)
    if way == "keep":
        network, blobs = Network(model), [layer.tops[0] for layer in model.graph.layers]
        kept = [network.run({"data": image}, blobs) for _ in range(number)]
        assert len(kept) == number
    else:
        collect(model, [image] * number, passes=int(way), progress=False)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


if __name__ == "__main__":
    parser = parser_of(__doc__)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    if way := parser.parse_args().way:
        child(way.split(",")[0], int(way.split(",")[1]))
    else:
        present(measure, parser)

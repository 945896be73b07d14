"""What the child process of a trial run does: load a network, run it once on zeros.

It is a script that imports nothing but ncnn, so that it starts in some hundredths of a second.
"""

import json
import sys
from pathlib import Path

import ncnn


def run(folder: Path) -> None:
    """Do as folder/job.json says (see `workbench.engine.trial`)."""
    job = json.loads((folder / "job.json").read_text())
    bound(job["bytes"])
    net = ncnn.Net()
    net.opt.num_threads = 1
    for name, value in job["options"].items():
        setattr(net.opt, name, value)
    if net.load_param(str(folder / "m.param")) or net.load_model(str(folder / "m.bin")):
        sys.exit("ncnn refused its files")
    extractor = net.create_extractor()
    for name, shape in job["shapes"].items():
        zeros = ncnn.Mat(*reversed(shape))
        zeros.fill(0.0)
        extractor.input(name, zeros)
    for blob in job["outputs"]:
        code, mat = extractor.extract(blob)
        if code or mat.empty():
            sys.exit(f"blob {blob}: ncnn could not compute it (code {code})")


def bound(size: int) -> None:
    """Limit the memory of this process, in bytes, and let it leave no core file."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    try:
        run(Path(sys.argv[1]))
    except Exception as error:
        sys.exit(str(error))

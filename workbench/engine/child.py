"""What the child process of a trial run does: load a network, run it once on zeros.

It is a script that imports ncnn and next to nothing else, so that it starts in some hundredths of
a second: json and pathlib would be a quarter of its time.
"""

import marshal
import os
import sys

import ncnn


def run(folder: str) -> None:
    """Do as the file job says (see `workbench.engine.trial`)."""
    with open(os.path.join(folder, "job"), "rb") as file:
        job = marshal.load(file)
    bound(job["bytes"])
    net = ncnn.Net()
    net.opt.num_threads = 1
    for name, value in job["options"].items():
        setattr(net.opt, name, value)
    param, weights = (os.path.join(folder, name) for name in ("m.param", "m.bin"))
    if net.load_param(param) or net.load_model(weights):
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
        run(sys.argv[1])
    except Exception as error:
        sys.exit(str(error))

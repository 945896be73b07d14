"""What the child process of a trial run does: load a network, run it once on zeros.

It is a script that imports ncnn and next to nothing else, so that it starts in some hundredths of
a second: json and pathlib would be a quarter of its time.
"""

import marshal
import sys

import ncnn


def run(
    param: str,
    bin: str,
    shapes: dict[str, tuple[int, ...]],
    outputs: list[str],
    options: dict[str, bool],
    memory: int,
) -> None:
    """Load a network, feed zeros of these shapes, and compute these blobs in bounded memory."""
    bound(memory)
    net = ncnn.Net()
    net.opt.num_threads = 1
    for name, value in options.items():
        setattr(net.opt, name, value)
    if net.load_param(param) or net.load_model(bin):
        sys.exit("ncnn refused its files")
    extractor = net.create_extractor()
    for name, shape in shapes.items():
        zeros = ncnn.Mat(*reversed(shape))
        zeros.fill(0.0)
        extractor.input(name, zeros)
    for blob in outputs:
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
        run(**marshal.load(sys.stdin.buffer))
    except Exception as error:
        sys.exit(str(error))
